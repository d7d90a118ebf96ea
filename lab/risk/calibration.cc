// Calibration: scores of probabilities, and bins of them.
#include "risk/calibration.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace thalweg::lab {
namespace {

constexpr double kLeast = 1e-15;  // that a logarithm is taken of

double mean_over(const Scored& scored, auto each) {
  if (scored.size() == 0) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < scored.probabilities.size(); ++i)
    sum += each(scored.probabilities[i], scored.positive[i] != 0);
  return sum / static_cast<double>(scored.size());
}

}  // namespace

double log_loss(const Scored& scored) {
  return mean_over(scored, [](double p, bool is) { return -std::log(std::clamp(is ? p : 1 - p, kLeast, 1 - kLeast)); });
}

double brier_score(const Scored& scored) {
  return mean_over(scored, [](double p, bool is) { return (is ? 1 - p : p) * (is ? 1 - p : p); });
}

std::optional<double> brier_skill(const Scored& scored) {
  const double share = mean_over(scored, [](double, bool is) { return is ? 1.0 : 0.0; });
  if (!(share > 0 && share < 1)) return std::nullopt;
  return 1 - brier_score(scored) / (share * (1 - share));
}

Interval wilson_interval(std::int64_t hits, std::int64_t count) {
  constexpr double kZ = 1.959963984540054;  // of the standard normal, at .975
  const auto n = static_cast<double>(count);
  const double share = static_cast<double>(hits) / n, scale = 1 + kZ * kZ / n;
  const double middle = (share + kZ * kZ / (2 * n)) / scale;
  const double half = kZ / scale * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

std::vector<CalibrationBin> calibration_curve(const Scored& scored) {
  std::vector<std::size_t> order(scored.probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return scored.probabilities[i]; });
  const auto bins = static_cast<std::size_t>(std::clamp<std::int64_t>(scored.size() / kInBin, 1, kMostBins));
  std::vector<CalibrationBin> curve;
  std::size_t begin = 0;
  for (std::size_t k = 1; k <= bins && begin < order.size(); ++k) {
    std::size_t end = std::max(begin + 1, order.size() * k / bins);
    while (end < order.size() && scored.probabilities[order[end]] == scored.probabilities[order[end - 1]]) ++end;
    CalibrationBin bin{.examples = static_cast<std::int64_t>(end - begin),
                       .least = scored.probabilities[order[begin]],
                       .greatest = scored.probabilities[order[end - 1]]};
    for (; begin < end; ++begin) {
      bin.positives += scored.positive[order[begin]] != 0 ? 1 : 0;
      bin.mean_probability += scored.probabilities[order[begin]];
    }
    bin.mean_probability /= static_cast<double>(bin.examples);
    curve.push_back(bin);
  }
  return curve;
}

double expected_calibration_error(const std::vector<CalibrationBin>& bins) {
  double sum = 0, examples = 0;
  for (const CalibrationBin& bin : bins) {
    sum += static_cast<double>(bin.examples) * std::abs(bin.share() - bin.mean_probability);
    examples += static_cast<double>(bin.examples);
  }
  return examples > 0 ? sum / examples : 0;
}

}  // namespace thalweg::lab
