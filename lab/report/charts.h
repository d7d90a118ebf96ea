// Charts: the figures of a report.
#pragma once

#include "page/figures.h"
#include "report/summary.h"
#include "tasks/task.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// One summary's charts; groups are competitors, or training and validation.
class Charts : public Figures {
 public:
  /// `pages` has what page.js draws, an entry for each legend of the page. Takes the next one, which close() fills.
  Charts(nlohmann::json& pages, std::vector<std::string> groups, const Summary& summary)
      : Figures(pages.size(), std::move(groups)), pages_(pages), place_(pages.size()), summary_(summary) {
    pages_.push_back(nullptr);
  }
  void close() { pages_[place_] = data(); }

  /// A chart with a legend of its own, where a line at least has two points. Returns legend and figure.
  std::string figure_of_its_own(const Text& text, const std::vector<std::string>& groups,
                                std::vector<nlohmann::json> points, nlohmann::json options);

  /// Median and 95 % band of each competitor per epoch; each run's own line below kSeedsForVerdict runs.
  std::string curves(std::span<const Competitor> competitors, Measure measure);
  /// Training and validation of one run, per epoch.
  std::string run(const TrialData& trial, const Metric& metric);
  /// Training loss of one run over its steps.
  std::string steps(const TrialData& trial);
  /// The primary metric on the validation part against learning rate, the chosen one marked.
  std::string learning_rates(std::span<const Competitor> competitors);

 private:
  std::string unit_of(const Metric& metric) const;

  nlohmann::json& pages_;
  std::size_t place_;
  const Summary& summary_;
};

}  // namespace thalweg::lab
