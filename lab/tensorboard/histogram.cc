// Counts values by bucket.
#include "tensorboard/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace thalweg::lab {
namespace {

/// All limits, ascending; the last one is above every float.
const std::vector<double>& all_limits() {
  static const std::vector<double> limits = [] {
    std::vector<double> positive;
    for (double limit = 1e-12; limit < 1e20; limit *= 1.1) positive.push_back(limit);
    positive.push_back(std::numeric_limits<double>::max());
    std::vector<double> all;
    for (auto limit = positive.rbegin(); limit != positive.rend(); ++limit) all.push_back(-*limit);
    all.push_back(0);
    all.insert(all.end(), positive.begin(), positive.end());
    return all;
  }();
  return limits;
}

}  // namespace

Histogram histogram_of(std::span<const float> values) {
  const std::vector<double>& limits = all_limits();
  std::vector<std::int64_t> counts(limits.size());
  Histogram histogram{.least = std::numeric_limits<double>::infinity(),
                      .greatest = -std::numeric_limits<double>::infinity()};
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    ++counts[static_cast<std::size_t>(std::ranges::lower_bound(limits, value) - limits.begin())];
    ++histogram.count;
    histogram.sum += value;
    histogram.sum_of_squares += value * value;
    histogram.least = std::min(histogram.least, value);
    histogram.greatest = std::max(histogram.greatest, value);
  }
  if (histogram.count == 0) return {};
  // Neighbours without values become one bucket; those at both ends none.
  for (std::size_t i = 0; i < counts.size() && limits[i == 0 ? 0 : i - 1] < histogram.greatest; ++i) {
    const auto count = static_cast<double>(counts[i]);
    if (count == 0 && (histogram.counts.empty() || histogram.counts.back() == 0)) {
      if (!histogram.counts.empty()) histogram.limits.back() = limits[i];
      continue;
    }
    histogram.limits.push_back(limits[i]);
    histogram.counts.push_back(count);
  }
  return histogram;
}

}  // namespace thalweg::lab
