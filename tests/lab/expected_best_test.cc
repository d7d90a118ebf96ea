// Tests of the expected best of k trials, against all subsets one by one.
#include "study/expected_best.h"

#include "study/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace thalweg::lab {
namespace {

// The best of each subset of k, worst first.
std::vector<double> bests_of_subsets(const std::vector<double>& values, std::size_t k, Better better) {
  std::vector<double> bests;
  for (unsigned subset = 0; subset < 1u << values.size(); ++subset) {
    if (static_cast<std::size_t>(std::popcount(subset)) != k) continue;
    std::vector<double> chosen;
    for (std::size_t i = 0; i < values.size(); ++i)
      if ((subset >> i & 1) != 0) chosen.push_back(values[i]);
    bests.push_back(better == Better::higher ? std::ranges::max(chosen) : std::ranges::min(chosen));
  }
  std::ranges::sort(bests);
  if (better == Better::lower) std::ranges::reverse(bests);
  return bests;
}

// The least value, from the worst on, that at least this share of the bests does not exceed.
double percentile(const std::vector<double>& worst_first, double share) {
  const double rank = std::ceil(share * static_cast<double>(worst_first.size()) - 1e-9);
  return worst_first[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

TEST(ExpectedBest, IsTheMeanOverAllSubsets) {
  const std::vector<std::vector<double>> cases{
      {0.7}, {0.3, 0.9}, {0.5, 0.1, 0.5, 0.8, 0.2, 0.9, 0.4}, {3, 3, 3}, {-1, 4, 2.5, 0, 1e3, 7, 7, -20, 5, 6, 11}};
  for (const std::vector<double>& values : cases) {
    for (const Better better : {Better::higher, Better::lower}) {
      const std::vector<BestOf> all = expected_best(values, better);
      ASSERT_EQ(all.size(), values.size());
      for (std::size_t k = 1; k <= values.size(); ++k) {
        const std::vector<double> bests = bests_of_subsets(values, k, better);
        EXPECT_EQ(all[k - 1].trials, k);
        EXPECT_NEAR(all[k - 1].mean, mean(bests), 1e-12 * (1 + std::abs(mean(bests)))) << k << " of " << values.size();
        const double first = percentile(bests, 0.25), second = percentile(bests, 0.75);
        EXPECT_EQ(all[k - 1].low, std::min(first, second)) << k << " of " << values.size();
        EXPECT_EQ(all[k - 1].high, std::max(first, second)) << k << " of " << values.size();
      }
    }
  }
}

TEST(ExpectedBest, GrowsFromTheMeanToTheBest) {
  std::vector<double> values;
  for (int i = 0; i < 500; ++i) values.push_back(std::sin(i * i));
  const std::vector<BestOf> all = expected_best(values, Better::higher);
  EXPECT_NEAR(all.front().mean, mean(values), 1e-12);
  EXPECT_NEAR(all.back().mean, std::ranges::max(values), 1e-12);
  for (std::size_t k = 1; k < all.size(); ++k) {
    EXPECT_GE(all[k].mean, all[k - 1].mean - 1e-12);
    EXPECT_GE(all[k].low, all[k - 1].low);
    EXPECT_GE(all[k].high, all[k - 1].high);
  }
}

TEST(ExpectedBest, OfNothingIsNothing) { EXPECT_TRUE(expected_best({}, Better::higher).empty()); }

}  // namespace
}  // namespace thalweg::lab
