// Tests of performance profiles, by hand-made values.
#include "study/performance_profile.h"

#include <thalweg/error.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

void expect_steps(const std::vector<ProfileStep>& profile, const std::vector<ProfileStep>& expected) {
  ASSERT_EQ(profile.size(), expected.size());
  for (std::size_t i = 0; i < profile.size(); ++i) {
    EXPECT_DOUBLE_EQ(profile[i].ratio, expected[i].ratio) << i;
    EXPECT_DOUBLE_EQ(profile[i].share, expected[i].share) << i;
  }
}

// Ratios by hand: the first is 1, 1, 2, 1; the second 2, 1.5, 1, never; the third 4, 1, 2, never.
TEST(PerformanceProfiles, AreSharesOfTasksByRatio) {
  const std::vector<std::vector<double>> costs{{2, 4, 8}, {10, 15, 10}, {6, 3, 6}, {5, kNever, kNever}};
  const auto profiles = performance_profiles(costs);
  ASSERT_EQ(profiles.size(), 3u);
  expect_steps(profiles[0], {{1, 0.75}, {2, 1}});
  expect_steps(profiles[1], {{1, 0.25}, {1.5, 0.5}, {2, 0.75}});
  expect_steps(profiles[2], {{1, 0.25}, {2, 0.5}, {4, 0.75}});
}

TEST(PerformanceProfiles, ATaskThatNobodySolvedCountsAgainstAll) {
  const std::vector<std::vector<double>> costs{{1, 2}, {kNever, kNever}};
  const auto profiles = performance_profiles(costs);
  expect_steps(profiles[0], {{1, 0.5}});
  expect_steps(profiles[1], {{1, 0}, {2, 0.5}});
}

TEST(PerformanceProfiles, DependOnRatiosAlone) {
  const std::vector<std::vector<double>> costs{{2, 3}, {7, 5}}, scaled{{200, 300}, {0.7, 0.5}};
  const auto profiles = performance_profiles(costs), same = performance_profiles(scaled);
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    ASSERT_EQ(profiles[i].size(), same[i].size());
    for (std::size_t step = 0; step < profiles[i].size(); ++step) {
      EXPECT_NEAR(profiles[i][step].ratio, same[i][step].ratio, 1e-12);
      EXPECT_EQ(profiles[i][step].share, same[i][step].share);
    }
  }
}

TEST(PerformanceProfiles, RefuseWhatIsNoCost) {
  EXPECT_TRUE(performance_profiles({}).empty());
  for (const double cost : {0.0, -1.0, std::nan("")})
    EXPECT_THROW(performance_profiles(std::vector<std::vector<double>>{{1, cost}}), Error);
  EXPECT_THROW(performance_profiles(std::vector<std::vector<double>>{{1, 2}, {1}}), Error);
}

}  // namespace
}  // namespace thalweg::lab
