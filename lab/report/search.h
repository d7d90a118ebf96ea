// Search: what a page shows of a search, read from its study.
#pragma once

#include "report/axis.h"
#include "search/space.h"
#include "store/study_data.h"
#include "study/tune_config.h"
#include "study/tune_results.h"
#include "tasks/metric.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

struct Search {
  const StudyData* study;
  TuneConfig config;
  SearchSpace space;
  const Metric* metric;           ///< by which trials are compared
  std::string title;              ///< what it is called; from outside where a program is searched
  std::vector<TuneTrial> trials;  ///< by number
  std::vector<Point> points;      ///< of each
  std::optional<std::size_t> best;
  std::vector<std::size_t> ranked;    ///< complete trials, the best first
  std::vector<double> shares;         ///< importance of each parameter, in [0, 1]
  std::vector<std::size_t> by_share;  ///< parameters, the most important first

  std::size_t count(TrialState state) const;
  /// `accuracy`, `accuracy (%)`, as HTML.
  std::string title_html() const;
  std::string axis_html() const;
};

/// The study must outlive it. Throws thalweg::Error for a study that is no search.
Search search_of(const StudyData& study);
Search search_of(const StudyData&& study) = delete;

/// A parameter's value for people: a text as it is, a number with four digits.
std::string parameter_text(const nlohmann::json& value);
/// `lr 0.003, dense 64`, from outside.
std::string parameters_text(const TuneTrial& trial, const SearchSpace& space);

/// Trials for a picture, where they are too many: the best 100, and every k-th of the others.
struct Sample {
  std::vector<std::size_t> trials;  ///< indices, ascending
  std::size_t every = 1;            ///< k

  /// A sentence that says so; empty where all are there.
  std::string text() const;
};
/// At most so many of these trials, which is more than 100.
Sample sample_of(const Search& search, std::vector<std::size_t> trials, std::size_t most);

/// The axis of values. Those that are far worse than most lie at its edge, so that they do not squeeze the others flat.
struct ValueAxis {
  Axis axis;
  const Metric* metric;
  double worst = 0, best = 0;  ///< values that are shown
  std::optional<double> cut;   ///< values that are worse lie at the edge

  /// In percent of the axis.
  double place(double value) const;
  /// Where what has no value lies: at the edge of the worse.
  double edge() const { return metric->better == Better::higher ? 2.5 : 97.5; }
  /// In [0, 1]: 1 is the best that was found.
  double part(double value) const;
  /// A sentence on the values beyond the cut; empty where there are none.
  std::string text() const;
};

/// Of all trials; nothing where none of them has a value.
std::optional<ValueAxis> value_axis(const Search& search);

}  // namespace thalweg::lab
