// The area under the receiver operating characteristic, from ranks.
#include "tasks/auc.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace thalweg::lab {

std::optional<double> area_under_curve(std::span<const float> scores, std::span<const char> positive) {
  if (std::ranges::any_of(scores, [](float score) { return std::isnan(score); })) return std::nullopt;
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return scores[i]; });
  // Pairs are counted in halves, so that all sums are whole numbers.
  double positives = 0, negatives = 0, half_pairs = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    double tied_positives = 0, tied_negatives = 0;
    std::size_t end = begin;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end)
      ++(positive[order[end]] != 0 ? tied_positives : tied_negatives);
    half_pairs += tied_positives * (2 * negatives + tied_negatives);
    positives += tied_positives;
    negatives += tied_negatives;
    begin = end;
  }
  if (positives == 0 || negatives == 0) return std::nullopt;
  return half_pairs / (2 * positives * negatives);
}

}  // namespace thalweg::lab
