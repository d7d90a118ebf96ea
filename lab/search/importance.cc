// Importance: a one-way analysis of variance of the values' ranks for each dimension.
#include "search/importance.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

namespace thalweg::lab {
namespace {

constexpr std::size_t kFewestTrials = 8;

/// Ranks from 0; equal values share their mean rank, as do trials without a value, which are worse than any.
std::vector<double> ranks_of(std::span<const Seen> trials) {
  std::vector<double> keys;
  for (const Seen& trial : trials) keys.push_back(trial.value.value_or(std::numeric_limits<double>::infinity()));
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  std::vector<double> ranks(keys.size());
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    while (end < order.size() && keys[order[end]] == keys[order[first]]) ++end;
    for (std::size_t i = first; i < end; ++i) ranks[order[i]] = static_cast<double>(first + end - 1) / 2;
  }
  return ranks;
}

/// Each trial's group: 0 where the dimension does not count, then a choice's, or a group of a number's values. About √n
/// groups of n numbers: fine enough for a bend, and enough in each for a mean. Equal values are in one group.
std::vector<std::size_t> groups_of(const SearchSpace& space, std::size_t dimension, std::span<const Seen> trials) {
  std::vector<std::size_t> groups(trials.size(), 0), counting;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (space.counts(dimension, trials[i].point)) counting.push_back(i);
  }
  const auto value = [&](std::size_t i) { return trials[i].point[dimension].value(); };
  if (space.dimensions[dimension].kind == DimensionKind::choice) {
    for (const std::size_t i : counting) groups[i] = static_cast<std::size_t>(value(i)) + 1;
    return groups;
  }
  std::stable_sort(counting.begin(), counting.end(), [&](std::size_t a, std::size_t b) { return value(a) < value(b); });
  const double size = static_cast<double>(counting.size()), count = std::max(1.0, std::floor(std::sqrt(size)));
  std::size_t group = 1;
  for (std::size_t i = 0; i < counting.size(); ++i) {
    if (i == 0 || value(counting[i]) != value(counting[i - 1])) {
      group = 1 + static_cast<std::size_t>(std::floor(static_cast<double>(i) * count / size));
    }
    groups[counting[i]] = group;
  }
  return groups;
}

/// ε² = (SS_between − (k − 1) · MS_within) / SS_total of these ranks in k groups (Kelley 1935), 0 at least.
double epsilon_squared(const std::vector<double>& ranks, const std::vector<std::size_t>& groups) {
  const std::size_t size = 1 + *std::max_element(groups.begin(), groups.end());
  std::vector<double> sums(size, 0), counts(size, 0);
  const double n = static_cast<double>(ranks.size());
  const double mean = (n - 1) / 2;  // of ranks, however they are shared
  double total = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    sums[groups[i]] += ranks[i] - mean;
    counts[groups[i]] += 1;
    total += (ranks[i] - mean) * (ranks[i] - mean);
  }
  double between = 0, k = 0;
  for (std::size_t group = 0; group < size; ++group) {
    if (counts[group] == 0) continue;
    between += sums[group] * sums[group] / counts[group];
    k += 1;
  }
  if (total == 0 || k == n) return 0;
  const double within = std::max(0.0, total - between) / (n - k);
  return std::clamp((between - (k - 1) * within) / total, 0.0, 1.0);
}

}  // namespace

std::vector<double> importances(const SearchSpace& space, std::span<const Seen> trials) {
  std::vector<double> result(space.dimensions.size(), 0);
  if (trials.size() < kFewestTrials) return result;
  const std::vector<double> ranks = ranks_of(trials);
  for (std::size_t d = 0; d < result.size(); ++d) result[d] = epsilon_squared(ranks, groups_of(space, d, trials));
  return result;
}

}  // namespace thalweg::lab
