// How sure the area under the ROC curve is.
#pragma once

#include "study/statistics.h"

#include <cstdint>
#include <optional>
#include <span>

namespace thalweg::lab {

/// An area under the ROC curve, with the variance that it has over samples of as many examples of each class.
struct AreaEstimate {
  double area = 0;
  double variance = 0;

  /// At 95 % unless a level is given, of the logit of the area, and back: so it lies within [0, 1] and covers better
  /// near 1 than area ± z · √variance does (Pepe 2003, "The statistical evaluation of medical tests", section 5.2.2).
  /// Nothing where the area is 0 or 1, or the variance 0: the examples do not tell then how sure it is.
  std::optional<Interval> interval(double level = 0.95) const;
};

constexpr std::int64_t kLeastForAreaInterval = 10;  ///< examples of each class, for an estimate of the variance

/// The area with the variance of DeLong, DeLong and Clarke-Pearson 1988 ("Comparing the areas under two or more
/// correlated receiver operating characteristic curves"), from mid-ranks (Sun and Xu 2014). Any scores that rise with
/// the probability; `positive`: 1 or 0, as many. Nothing for fewer than kLeastForAreaInterval examples of a class, and
/// where a score is NaN.
std::optional<AreaEstimate> area_estimate(std::span<const double> scores, std::span<const char> positive);

}  // namespace thalweg::lab
