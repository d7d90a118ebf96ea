// Computes the expected best of k trials.
#include "study/expected_best.h"

#include <algorithm>

namespace thalweg::lab {

std::vector<BestOf> expected_best(std::span<const double> values, Better better) {
  constexpr double kLow = 0.25, kHigh = 0.75;
  // A sum of many small shares may miss the exact one by some last bits.
  constexpr double kUlps = 1e-12;
  std::vector<double> worst_first(values.begin(), values.end());
  std::ranges::sort(worst_first, [&](double a, double b) { return better == Better::higher ? a < b : a > b; });
  const std::size_t n = worst_first.size();
  std::vector<BestOf> all;
  for (std::size_t k = 1; k <= n; ++k) {
    BestOf best{.trials = k};
    bool has_low = false, has_high = false;
    for (std::size_t i = k; i <= n; ++i) {
      // C(i, k) / C(n, k): the share of subsets that lie within the i worst.
      double share = 1;
      for (std::size_t j = 0; j < k; ++j) share *= static_cast<double>(i - j) / static_cast<double>(n - j);
      const double value = worst_first[i - 1];
      best.mean += value * share * static_cast<double>(k) / static_cast<double>(i);  // C(i − 1, k − 1) / C(n, k)
      if (!has_low && share >= kLow - kUlps) {
        best.low = value;
        has_low = true;
      }
      if (!has_high && share >= kHigh - kUlps) {
        best.high = value;
        has_high = true;
      }
    }
    if (best.low > best.high) std::swap(best.low, best.high);
    all.push_back(best);
  }
  return all;
}

}  // namespace thalweg::lab
