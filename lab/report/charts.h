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

/// One section's charts; groups are competitors, or training and validation.
class Charts : public Figures {
 public:
  /// `section` is the section's number on the page.
  Charts(std::size_t section, std::vector<std::string> groups, const Task& task)
      : Figures(section, std::move(groups)), task_(task) {}

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

  const Task& task_;
};

}  // namespace thalweg::lab
