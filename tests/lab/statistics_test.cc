// Tests of the statistics over seeds: closed forms, and intervals that cover what they should.
#include "study/statistics.h"

#include <thalweg/error.h>
#include <thalweg/random.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> normals(std::size_t n, std::uint64_t seed, double centre = 0, double sd = 1) {
  const Random random(seed, RandomPurpose::test, "statistics");
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = centre + sd * random.normal(i);
  return values;
}

SeedValues by_seed(const std::vector<double>& values, std::uint64_t first = 1) {
  SeedValues result;
  for (const double value : values) result[first++] = value;
  return result;
}

TEST(Statistics, SummariesAreTheirDefinitions) {
  const std::vector<double> values{4, 1, 7, 2};
  EXPECT_DOUBLE_EQ(mean(values), 3.5);
  EXPECT_DOUBLE_EQ(sample_sd(values), std::sqrt((0.25 + 6.25 + 12.25 + 2.25) / 3));
  EXPECT_DOUBLE_EQ(median(values), 3);
  EXPECT_DOUBLE_EQ(median(std::vector<double>{5, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 7);
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 1.75);  // type 7: position 0.75 between 1 and 2
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), median(values));
}

TEST(Statistics, TooFewValuesAreErrors) {
  EXPECT_THROW(mean({}), Error);
  EXPECT_THROW(median({}), Error);
  EXPECT_THROW(quantile({}, 0.5), Error);
  EXPECT_THROW(quantile(std::vector<double>{1}, 1.1), Error);
  EXPECT_THROW(quantile(std::vector<double>{1}, std::nan("")), Error);
  EXPECT_THROW(sample_sd(std::vector<double>{1}), Error);
  EXPECT_THROW(Bootstrap(1), Error);
  EXPECT_THROW(Bootstrap(3).mean(std::vector<double>{1, 2}), Error);
}

TEST(Statistics, MedianOfCensoredRuns) {
  EXPECT_DOUBLE_EQ(median(std::vector<double>{3, kInfinity, 2, 4, kInfinity}), 4);
  EXPECT_EQ(median(std::vector<double>{3, kInfinity, 2, kInfinity}), kInfinity);
  EXPECT_EQ(median(std::vector<double>{-kInfinity, 3}), -kInfinity);
}

// Tables of Student's t, to the digits that they are printed with.
TEST(Statistics, StudentQuantilesAreThoseOfTables) {
  EXPECT_NEAR(student_t_quantile(0.975, 1), 12.7062, 5e-5);
  EXPECT_NEAR(student_t_quantile(0.975, 2), 4.3027, 5e-5);
  EXPECT_NEAR(student_t_quantile(0.975, 3), 3.1824, 5e-5);
  EXPECT_NEAR(student_t_quantile(0.975, 7), 2.3646, 5e-5);
  EXPECT_NEAR(student_t_quantile(0.995, 8), 3.3554, 5e-5);
  EXPECT_NEAR(student_t_quantile(0.95, 30), 1.6973, 5e-5);
  EXPECT_NEAR(student_t_quantile(0.5, 5), 0, 1e-12);
  EXPECT_NEAR(student_t_quantile(0.025, 7), -student_t_quantile(0.975, 7), 1e-9);
  EXPECT_THROW(student_t_quantile(1, 3), Error);
  EXPECT_THROW(student_t_quantile(0.5, 0), Error);
}

TEST(Bootstrap, IsDeterministic) {
  const auto values = normals(8, 3);
  const Interval first = Bootstrap(8).mean(values), second = Bootstrap(8).mean(values);
  EXPECT_EQ(first.low, second.low);
  EXPECT_EQ(first.high, second.high);
}

TEST(Bootstrap, MovesAndScalesWithTheData) {
  const auto values = normals(10, 5);
  std::vector<double> moved;
  for (const double value : values) moved.push_back(4 * value + 100);  // a power of two: exact
  const Bootstrap bootstrap(10);
  for (const auto of : {&Bootstrap::mean, &Bootstrap::median}) {
    const Interval interval = (bootstrap.*of)(values, 0.95), other = (bootstrap.*of)(moved, 0.95);
    EXPECT_NEAR(other.low, 4 * interval.low + 100, 1e-11);
    EXPECT_NEAR(other.high, 4 * interval.high + 100, 1e-11);
  }
}

TEST(Bootstrap, ConstantsHaveNoWidth) {
  const std::vector<double> values(8, 0.875);
  EXPECT_EQ(Bootstrap(8).mean(values).low, 0.875);
  EXPECT_EQ(Bootstrap(8).mean(values).high, 0.875);
  EXPECT_EQ(Bootstrap(8).median(values).low, 0.875);
}

TEST(Bootstrap, WiderForHigherLevels) {
  const auto values = normals(8, 7);
  const Bootstrap bootstrap(8, 100'000);
  const Interval usual = bootstrap.mean(values, 0.95), corrected = bootstrap.mean(values, 0.99);
  EXPECT_LT(corrected.low, usual.low);
  EXPECT_GT(corrected.high, usual.high);
  EXPECT_TRUE(usual.contains(mean(values)));
}

// The point of the expansion: at n = 8 the plain percentile interval covers about 90 %.
TEST(Bootstrap, IntervalOfTheMeanCoversNinetyFivePercent) {
  const Bootstrap bootstrap(8, 4'000);
  int covered = 0;
  constexpr int kStudies = 1'000;
  for (int study = 0; study < kStudies; ++study)
    covered += bootstrap.mean(normals(8, static_cast<std::uint64_t>(study), 3, 2)).contains(3);
  // Three standard errors of a proportion of 0.95 are 0.021.
  EXPECT_GT(covered, 0.925 * kStudies);
  EXPECT_LT(covered, 0.975 * kStudies);
}

TEST(Bootstrap, IntervalOfTheMedianCoversAtLeastNinetyPercent) {
  const Bootstrap bootstrap(8, 2'000);
  int covered = 0;
  constexpr int kStudies = 1'000;
  for (int study = 0; study < kStudies; ++study)
    covered += bootstrap.median(normals(8, static_cast<std::uint64_t>(study))).contains(0);
  EXPECT_GT(covered, 0.90 * kStudies);
}

TEST(ComparePairs, PairsBySeed) {
  // Seeds differ far more than optimizers do; only pairing shows the difference.
  const auto base = normals(8, 11, 0.88, 0.01), noise = normals(8, 12, 0.002, 0.0003);
  std::vector<double> better(8);
  for (std::size_t i = 0; i < 8; ++i) better[i] = base[i] + noise[i];
  const auto comparisons = compare_pairs(std::vector<SeedValues>{by_seed(base), by_seed(better)});
  ASSERT_EQ(comparisons.size(), 1u);
  EXPECT_EQ(comparisons[0].verdict, Verdict::second_better);
  EXPECT_EQ(comparisons[0].seeds, 8u);
  EXPECT_NEAR(comparisons[0].difference, -mean(noise), 1e-12);
  EXPECT_DOUBLE_EQ(comparisons[0].level, 0.95);
  const auto reversed = compare_pairs(std::vector<SeedValues>{by_seed(better), by_seed(base)});
  EXPECT_EQ(reversed[0].verdict, Verdict::first_better);
}

TEST(ComparePairs, SevenSeedsGiveNoVerdict) {
  const std::vector<double> low(7, 0.5), high(7, 0.9);
  const auto comparisons = compare_pairs(std::vector<SeedValues>{by_seed(low), by_seed(high)});
  EXPECT_EQ(comparisons[0].verdict, Verdict::too_few_seeds);
  EXPECT_NEAR(comparisons[0].difference, -0.4, 1e-12);
}

TEST(ComparePairs, OnlyCommonSeedsCount) {
  const std::vector<double> low(10, 0.5), high(10, 0.9);
  const auto comparisons = compare_pairs(std::vector<SeedValues>{by_seed(low, 1), by_seed(high, 4)});
  EXPECT_EQ(comparisons[0].seeds, 7u);
  EXPECT_EQ(comparisons[0].verdict, Verdict::too_few_seeds);
  const auto apart = compare_pairs(std::vector<SeedValues>{by_seed(low, 1), by_seed(high, 100)});
  EXPECT_EQ(apart[0].seeds, 0u);
  EXPECT_EQ(apart[0].difference, 0);
}

TEST(ComparePairs, EqualCompetitorsShowNoDifference) {
  const auto values = normals(8, 13);
  const auto comparisons = compare_pairs(std::vector<SeedValues>{by_seed(values), by_seed(values)});
  EXPECT_EQ(comparisons[0].verdict, Verdict::no_difference);
}

TEST(ComparePairs, CorrectsForTheNumberOfPairs) {
  std::vector<SeedValues> competitors;
  for (std::uint64_t i = 0; i < 4; ++i) competitors.push_back(by_seed(normals(8, 20 + i)));
  competitors.push_back(by_seed({1, 2, 3}));  // cannot be compared, and does not widen the others
  const auto comparisons = compare_pairs(competitors);
  EXPECT_EQ(comparisons.size(), 10u);
  for (const Comparison& comparison : comparisons)
    EXPECT_NEAR(comparison.level, comparison.verdict == Verdict::too_few_seeds ? 0 : 1 - 0.05 / 6, 1e-12);
}

// Three equal optimizers: in at most about 5 % of studies may any pair be called different.
TEST(ComparePairs, SeldomFindsDifferencesWhereThereAreNone) {
  int wrong = 0;
  constexpr int kStudies = 40;
  for (std::uint64_t study = 0; study < kStudies; ++study) {
    std::vector<SeedValues> competitors;
    for (std::uint64_t i = 0; i < 3; ++i) competitors.push_back(by_seed(normals(8, 1000 + 10 * study + i)));
    for (const Comparison& comparison : compare_pairs(competitors))
      if (comparison.verdict != Verdict::no_difference) {
        ++wrong;
        break;
      }
  }
  // 2 expected; 8 or more would happen less than once in a thousand times.
  EXPECT_LT(wrong, 8);
}

}  // namespace
}  // namespace thalweg::lab
