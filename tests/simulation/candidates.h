// The intervals of a mean that thalweg does not use, to be compared with the one that it does.
#pragma once

#include "simulation/studies.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::lab::simulation {

/// Resamples of n values, the same at every call.
class Bootstrap {
 public:
  explicit Bootstrap(std::size_t n, std::size_t resamples = 4'000);

  /// Percentile interval with its quantiles moved outward by as much as Student's t is wider than the normal
  /// distribution (Hesterberg 2015, "What teachers should know about the bootstrap", section 5.3).
  Interval expanded_percentile(std::span<const double> values, double level) const;
  /// Bias-corrected and accelerated (Efron 1987).
  Interval bca(std::span<const double> values, double level) const;
  /// Of the studentised mean.
  Interval bootstrap_t(std::span<const double> values, double level) const;
  /// Percentile interval of the median.
  Interval median(std::span<const double> values, double level) const;

 private:
  std::vector<double> means(std::span<const double> values) const;  // ascending

  std::size_t n_, resamples_;
  std::vector<std::uint16_t> indices_;  // resamples × n
};

/// Student's interval, moved for skewness (Johnson 1978, "Modified t tests and confidence intervals for asymmetrical
/// populations").
Interval johnson(std::span<const double> values, double level);

/// Student's intervals by Holm's method instead of Bonferroni's: the least p value at error / p, the next at
/// error / (p − 1) and so on.
bool holm(std::span<const SeedValues> study, double error);
/// Every pair by this interval, at level 1 − error / p.
Judge bonferroni(IntervalOf interval);

}  // namespace thalweg::lab::simulation
