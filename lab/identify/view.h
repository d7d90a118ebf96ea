// View: the part of a recorded run that a fit looks at, some of its elements over its first steps.
#pragma once

#include "replay/recording.h"

#include <thalweg/rule.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace thalweg::lab::identify {

/// Two steps after which the parameters are recorded, and none between them. 0 is before the first step.
struct Mark {
  std::int64_t from, to;
};

/// Vectors without a word about them have `elements` numbers for each mark.
struct View {
  std::size_t elements = 0;
  std::int64_t steps = 0;
  std::vector<std::vector<double>> gradients;  ///< of each step; empty: there is none
  std::vector<Shape> shapes;  ///< of the parameters, one after another; empty: all elements are one vector
  std::vector<std::vector<std::size_t>> without;  ///< those of each step that lack a gradient, by number
  std::map<std::int64_t, double> lrs;             ///< new from this step on
  std::vector<Mark> marks;
  std::vector<double> before;      ///< the parameters at `from`
  std::vector<double> changes;     ///< their recorded change until `to`
  std::vector<double> noise;       ///< how far rounding alone may take a change: what misfits are measured in
  std::vector<double> typical;     ///< of each element: root mean square of its changes
  std::int64_t* budget = nullptr;  ///< work that is left for this view and others, where it is bounded
  double model_noise = 1;          ///< how far rounding takes a change that is computed in double, in units of `noise`
};

/// The same part of a run for rules that compute an element from itself, and for those that sum over parameters.
struct Views {
  View of_elements, of_parameters;

  const View& operator()(const RuleInfo& rule) const { return rule.sums.empty() ? of_elements : of_parameters; }
};

/// How exact a recording is.
struct Precision {
  bool is_float64 = true;
  double rtol = 0;  ///< beside rounding: relative error, as `--rtol` says it
};

/// Elements of a recording: any of them, or those of whole parameters.
struct Part {
  std::vector<std::size_t> elements;
  bool is_whole = false;  ///< every parameter that has an element here has all of them here
};

/// The part's steps up to the last recorded one that is not behind `steps`.
View make_view(const Recording& recording, const Part& part, std::int64_t steps, const Precision& precision);

/// At most `count` elements, of gradients as different in size as there are.
Part diverse_elements(const Recording& recording, std::size_t count);

/// Whole parameters, the smallest first and a matrix among them, until there are `count` elements. Nothing if the
/// smallest has more of them than a search can take.
Part whole_parameters(const Recording& recording, std::size_t count);

Part all_elements(const Recording& recording);

/// The shapes of the parameters that have elements in the part: vectors, unless they are whole.
std::vector<Shape> shapes_of(const Recording& recording, const Part& part);

/// Steps after which parameters are recorded, without 0.
std::vector<std::int64_t> recorded_steps(const Recording& recording);

}  // namespace thalweg::lab::identify
