// Expected best of k trials: what tuning with fewer trials would have found, from those that were run.
#pragma once

#include "tasks/metric.h"

#include <cstddef>
#include <span>
#include <vector>

namespace thalweg::lab {

/// The best of k of n trials, over all subsets of k, each as likely as any other.
struct BestOf {
  std::size_t trials = 0;    ///< k
  double mean = 0;           ///< without bias for the expected best of k draws (Tang et al. 2020)
  double low = 0, high = 0;  ///< 25th and 75th percentile of the subsets' bests: no confidence interval
};

/// For k = 1 … n, from the trials' values. Exact sums over order statistics: of the subsets of k, C(i, k) have their
/// best within the i worst values. After Dodge et al. 2019, "Show your work: improved reporting of experimental
/// results", whose draws are with replacement; without (Tang et al. 2020, "Showing your work doesn't always work") the
/// mean has no bias. The trials are taken as draws from whatever they were chosen from; of a grid, as draws from that
/// grid. An infinite value makes the means infinite in which it occurs. Empty without values.
std::vector<BestOf> expected_best(std::span<const double> values, Better better);

}  // namespace thalweg::lab
