// Sensitivity to the learning rate: how wide the range of rates is that are nearly as good as an optimizer's best.
#pragma once

#include "report/summary.h"

#include <optional>
#include <span>
#include <string>

namespace thalweg::lab {

/// The neighbouring rates of the grid around the best one whose value is within a tolerance of its value: 1 point of
/// shares, 2 % of other metrics. Nothing is said of rates between those that were tried.
struct GoodRates {
  double best = 0, low = 0, high = 0;  ///< learning rates
  bool is_open = false;                ///< one of them is the lowest or highest that was tried: it may go on beyond

  /// log₁₀(high / low): 0 where no other rate is as good.
  double decades() const;
};

/// Of these rates, ascending; one that diverged or failed (that has no value) is not good. Nothing without a value.
std::optional<GoodRates> good_rates(std::span<const LearningRatePoint> rates, const Metric& metric);

/// How far two values of a metric may be apart and count as equally good: 1 point of shares, else 2 % of `value`.
double tolerance_at(const Metric& metric, double value);

/// `1 point`, `2 %`.
std::string tolerance_text(const Metric& metric);

}  // namespace thalweg::lab
