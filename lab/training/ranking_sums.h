// Recall and discounted cumulative gain of rankings.
#pragma once

#include "tasks/metric.h"

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::lab {

constexpr std::size_t kRanked = 10;  ///< items of a ranking that count

/// The candidates with the highest scores, best first, at most kRanked; of equal scores the lower index. NaN is below
/// everything. `scores` are by index; both lists are ascending; what stands in `without` is no candidate.
std::vector<std::int32_t> best_items(std::span<const float> scores, std::span<const std::int32_t> candidates,
                                     std::span<const std::int32_t> without);

/// Means over users.
class RankingSums {
 public:
  /// A user's ranking, and what is relevant, ascending and not empty.
  ///
  /// Recall@10: the share of the relevant items that are among the first 10. nDCG@10: the sum of 1 / log₂(1 + place)
  /// over the places (from 1) of relevant items among them, divided by what it is where min(10, relevant) of them stand
  /// first (Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", with gains of 0 and 1 and
  /// the discount of all places).
  void add(std::span<const std::int32_t> ranking, std::span<const std::int32_t> relevant);

  std::int64_t users() const { return users_; }
  /// `recall@10` and `ndcg@10`; empty without users.
  MetricValues values() const;

 private:
  std::int64_t users_ = 0;
  double recall_ = 0, gain_ = 0;
};

}  // namespace thalweg::lab
