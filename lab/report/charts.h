// Charts: the figures of a report.
#pragma once

#include "page/figures.h"
#include "report/summary.h"

#include <span>
#include <string>

namespace thalweg::lab {

/// One section's charts; groups are competitors, or training and validation.
class Charts : public Figures {
 public:
  using Figures::Figures;

  /// Median and 95 % band of each competitor per epoch; each run's own line below kSeedsForVerdict runs.
  std::string curves(std::span<const Competitor> competitors, Metric metric);
  /// Training and validation of one run, per epoch.
  std::string run(const TrialData& trial, Metric train, Metric validation);
  /// Training loss of one run over its steps.
  std::string steps(const TrialData& trial);
  /// Validation accuracy against learning rate, the chosen one marked.
  std::string learning_rates(std::span<const Competitor> competitors);
};

}  // namespace thalweg::lab
