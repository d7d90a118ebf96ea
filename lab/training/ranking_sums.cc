// Recall and discounted cumulative gain of rankings.
#include "training/ranking_sums.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace thalweg::lab {
namespace {

/// Of a place from 0.
double discount(std::size_t place) { return 1 / std::log2(static_cast<double>(place) + 2); }

}  // namespace

std::vector<std::int32_t> best_items(std::span<const float> scores, std::span<const std::int32_t> candidates,
                                     std::span<const std::int32_t> without) {
  std::vector<std::int32_t> best;
  best.reserve(kRanked + 1);
  const auto score = [&](std::int32_t item) {
    const float own = scores[static_cast<std::size_t>(item)];
    return std::isnan(own) ? -std::numeric_limits<float>::infinity() : own;
  };
  auto next = without.begin();
  for (const std::int32_t item : candidates) {
    while (next != without.end() && *next < item) ++next;
    if (next != without.end() && *next == item) continue;
    const float own = score(item);
    if (best.size() == kRanked && own <= score(best.back())) continue;
    best.insert(std::ranges::upper_bound(best, own, std::ranges::greater{}, score), item);
    if (best.size() > kRanked) best.pop_back();
  }
  return best;
}

void RankingSums::add(std::span<const std::int32_t> ranking, std::span<const std::int32_t> relevant) {
  double gain = 0, ideal = 0;
  std::size_t hits = 0;
  for (std::size_t place = 0; place < std::min(ranking.size(), kRanked); ++place) {
    if (!std::ranges::binary_search(relevant, ranking[place])) continue;
    gain += discount(place);
    ++hits;
  }
  for (std::size_t place = 0; place < std::min(relevant.size(), kRanked); ++place) ideal += discount(place);
  recall_ += static_cast<double>(hits) / static_cast<double>(relevant.size());
  gain_ += gain / ideal;
  ++users_;
}

MetricValues RankingSums::values() const {
  if (users_ == 0) return {};
  const auto count = static_cast<double>(users_);
  return {{"recall@10", recall_ / count}, {"ndcg@10", gain_ / count}};
}

}  // namespace thalweg::lab
