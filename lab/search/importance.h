// Importance: how much of the differences between trials each parameter explains.
#pragma once

#include "search/sampler.h"

#include <span>
#include <vector>

namespace thalweg::lab {

/// For each dimension the share of the variance of the values' ranks that this parameter alone explains, in [0, 1]: ε²
/// of a one-way analysis of variance (Kelley 1935: η² less what groups explain by chance) over its choices, or over
/// groups of its values of equal size; 0 where it would be negative. Diverged and failed trials share the worst rank.
/// Trials in which the dimension does not count are a group of their own. All 0 with fewer than 8 trials. A parameter
/// that a sampler hardly varied, or one that counts only together with another, looks less important than it is.
std::vector<double> importances(const SearchSpace& space, std::span<const Seen> trials);

}  // namespace thalweg::lab
