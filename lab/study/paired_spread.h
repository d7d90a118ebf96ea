// Paired spread: whether two samples of pairs vary alike.
#pragma once

#include "study/statistics.h"

#include <cstddef>
#include <optional>
#include <span>

namespace thalweg::lab {

/// Two standard deviations over the same seeds.
struct SpreadComparison {
  std::size_t pairs = 0;
  double first_sd = 0, second_sd = 0;
  double p = 1;    ///< probability of a difference as large, two-sided, were they equal
  Interval ratio;  ///< confidence interval of first / second
};

/// The test of Pitman (1939), "A note on normal correlation", and Morgan (1939): of pairs from a normal distribution
/// the two deviations are equal if and only if sums and differences do not correlate, which Student's t with n − 2
/// degrees of freedom tests; Pitman's interval of the ratio belongs to it, and contains 1 where p > 1 − level. Nothing
/// where there is no such test: a sample does not vary, or is a multiple of the other. Throws thalweg::Error for fewer
/// than three pairs, values that are no pairs, and a level outside (0, 1).
std::optional<SpreadComparison> compare_spreads(std::span<const double> first, std::span<const double> second,
                                                double level = 0.95);

}  // namespace thalweg::lab
