// RiskFolds: what the folds of a cross-validation say together of probabilities of two classes.
#pragma once

#include "risk/risk.h"
#include "study/statistics.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Of trainings that each were tested by another part of the same examples.
struct RiskFolds {
  std::vector<double> areas{};         ///< AUC of each fold
  std::optional<Interval> interval{};  ///< of their mean, at 95 %; below
  RiskReview pooled{};                 ///< of all test parts together; without a variance of the AUC
  /// Decisions by each fold's own threshold, added up; thresholds in it are the mean ones.
  std::optional<CostReview> cost{};

  double mean_area() const { return mean(areas); }
};

/// Nothing where a review did not keep all of its examples, or has one class alone.
///
/// The interval is about these trained models on new examples (LeDell, Petersen and van der Laan 2015, "Computationally
/// efficient confidence intervals for cross-validated area under the ROC curve estimates"): test parts share no
/// example, so that the variance of the mean of k folds is the sum of theirs / k². It does not say what another
/// training part would change: folds train on many of the same examples, and no estimate of that variance is unbiased
/// (Bengio and Grandvalet 2004). Nothing where a fold has no variance.
std::optional<RiskFolds> risk_over_folds(std::span<const RiskReview* const> folds);

nlohmann::json measures_json(const RiskFolds& folds);
std::vector<std::string> risk_lines(const RiskFolds& folds);

}  // namespace thalweg::lab
