// The variance of the area under the ROC curve, from mid-ranks.
#include "risk/auc_interval.h"

#include <boost/math/distributions/normal.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace thalweg::lab {
namespace {

/// Of each value its rank from 1; equal ones have the mean of theirs.
std::vector<double> mid_ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + 1 + end) / 2;
    for (; begin < end; ++begin) ranks[order[begin]] = rank;
  }
  return ranks;
}

double variance(const std::vector<double>& values) {
  const double deviation = sample_sd(values);
  return deviation * deviation;
}

}  // namespace

std::optional<Interval> AreaEstimate::interval(double level) const {
  if (!(area > 0 && area < 1 && variance > 0)) return std::nullopt;
  const double z = boost::math::quantile(boost::math::normal(), 0.5 + level / 2);
  const double logit = std::log(area / (1 - area)), half = z * std::sqrt(variance) / (area * (1 - area));
  return Interval{1 / (1 + std::exp(half - logit)), 1 / (1 + std::exp(-half - logit))};
}

std::optional<AreaEstimate> area_estimate(std::span<const double> scores, std::span<const char> positive) {
  std::vector<double> ours, others, all;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) return std::nullopt;
    (positive[i] != 0 ? ours : others).push_back(scores[i]);
  }
  if (std::min(std::ssize(ours), std::ssize(others)) < kLeastForAreaInterval) return std::nullopt;
  all = ours;
  all.insert(all.end(), others.begin(), others.end());
  const std::vector<double> ranks = mid_ranks(all), own = mid_ranks(ours), rest = mid_ranks(others);
  const auto m = static_cast<double>(ours.size()), n = static_cast<double>(others.size());
  // Of each positive the share of the negatives below it, of each negative the share of the positives above it; equal
  // ones count half.
  std::vector<double> below(ours.size()), above(others.size());
  for (std::size_t i = 0; i < ours.size(); ++i) below[i] = (ranks[i] - own[i]) / n;
  for (std::size_t j = 0; j < others.size(); ++j) above[j] = 1 - (ranks[ours.size() + j] - rest[j]) / m;
  return AreaEstimate{.area = mean(below), .variance = variance(below) / m + variance(above) / n};
}

}  // namespace thalweg::lab
