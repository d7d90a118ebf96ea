// Tests of the statistics over seeds: closed forms, and intervals and verdicts that hold their level.
#include "study/statistics.h"

#include "simulation/studies.h"

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
  EXPECT_THROW(mean_interval(std::vector<double>{1}), Error);
  EXPECT_THROW(median_interval({}), Error);
  EXPECT_THROW(median_interval(std::vector<double>{1, 2, 3, 4, 5}), Error);  // 1 − 2 / 2⁵ is below 95 %
  for (const double level : {0.0, 1.0, -1.0, std::nan("")}) {
    EXPECT_THROW(mean_interval(std::vector<double>{1, 2}, level), Error);
    EXPECT_THROW(median_interval(std::vector<double>(9, 1), level), Error);
    EXPECT_THROW(compare_pairs({}, level), Error);
  }
}

TEST(Statistics, MedianOfCensoredRuns) {
  EXPECT_DOUBLE_EQ(median(std::vector<double>{3, kInfinity, 2, 4, kInfinity}), 4);
  EXPECT_EQ(median(std::vector<double>{3, kInfinity, 2, kInfinity}), kInfinity);
  EXPECT_EQ(median(std::vector<double>{-kInfinity, 3}), -kInfinity);
}

// Tables of Student's t, to the digits that they are printed with.
TEST(MeanInterval, IsStudents) {
  struct Row {
    std::size_t n;
    double level, t;
  };
  for (const Row& row : {Row{2, 0.95, 12.7062}, Row{3, 0.95, 4.3027}, Row{4, 0.95, 3.1824}, Row{8, 0.95, 2.3646},
                         Row{9, 0.99, 3.3554}, Row{31, 0.90, 1.6973}}) {
    const auto values = normals(row.n, 17, 3, 2);
    const Interval interval = mean_interval(values, row.level);
    const double scale = sample_sd(values) / std::sqrt(static_cast<double>(row.n));
    EXPECT_NEAR((interval.high - mean(values)) / scale, row.t, 5e-5) << row.n;
    EXPECT_NEAR((mean(values) - interval.low) / scale, row.t, 5e-5) << row.n;
  }
}

// Binomial sums by hand: between the least and the greatest of 8 lies the median with 1 − 2 / 2⁸, between the next ones
// with 1 − 18 / 2⁸.
TEST(MedianInterval, IsExactAtOrderStatistics) {
  const std::vector<double> values{8, 1, 7, 2, 6, 3, 5, 4};
  const auto expect = [&](double level, double low, double high) {
    const Interval interval = median_interval(values, level);
    EXPECT_NEAR(interval.low, low, 1e-9);
    EXPECT_NEAR(interval.high, high, 1e-9);
  };
  expect(1 - 2 / 256.0, 1, 8);
  expect(1 - 18 / 256.0, 2, 7);
  const Interval between = median_interval(values);
  EXPECT_GT(between.low, 1);
  EXPECT_LT(between.low, 2);
  EXPECT_NEAR(between.low + between.high, 9, 1e-12);
}

TEST(Intervals, MoveAndScaleWithTheData) {
  const auto values = normals(10, 5);
  std::vector<double> moved;
  for (const double value : values) moved.push_back(4 * value + 100);
  for (const auto of : {mean_interval, median_interval}) {
    const Interval interval = of(values, 0.95), other = of(moved, 0.95), wider = of(values, 0.99);
    EXPECT_NEAR(other.low, 4 * interval.low + 100, 1e-11);
    EXPECT_NEAR(other.high, 4 * interval.high + 100, 1e-11);
    EXPECT_LT(wider.low, interval.low);
    EXPECT_GT(wider.high, interval.high);
  }
}

TEST(Intervals, ConstantsHaveNoWidth) {
  const std::vector<double> values(8, 0.875);
  for (const auto of : {mean_interval, median_interval}) {
    EXPECT_EQ(of(values, 0.95).low, 0.875);
    EXPECT_EQ(of(values, 0.95).high, 0.875);
  }
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

TEST(ComparePairs, ASmallerErrorIsAWiderInterval) {
  const std::vector<SeedValues> two{by_seed(normals(8, 31)), by_seed(normals(8, 32))};
  const Comparison once = compare_pairs(two)[0], twice = compare_pairs(two, 0.025)[0];
  EXPECT_DOUBLE_EQ(twice.level, 0.975);
  EXPECT_LT(twice.interval.low, once.interval.low);
  EXPECT_GT(twice.interval.high, once.interval.high);
}

Comparison open_pair(double difference, double sd, double level = 0.95, std::size_t seeds = 8) {
  return {.seeds = seeds,
          .difference = difference,
          .sd = sd,
          .interval = {},
          .level = level,
          .verdict = Verdict::no_difference};
}

TEST(ComparePairs, KeepsTheSpreadOfTheDifferences) {
  const auto comparison = compare_pairs(std::vector<SeedValues>{by_seed({5, 2, 9}), by_seed({1, 1, 1})});
  EXPECT_DOUBLE_EQ(comparison[0].sd, sample_sd(std::vector<double>{4, 1, 8}));
}

// Sample sizes of the paired t test at 5 % and power 80 %, as G*Power 3.1 and Cohen's tables have them.
TEST(SeedsToTell, AreTheTTests) {
  EXPECT_EQ(seeds_to_tell(open_pair(0.2, 1)), 199u);
  EXPECT_EQ(seeds_to_tell(open_pair(0.5, 1)), 34u);
  EXPECT_EQ(seeds_to_tell(open_pair(-0.5, 1)), 34u);
  EXPECT_EQ(seeds_to_tell(open_pair(0.004, 0.005)), 15u);
}

TEST(SeedsToTell, AreTheLeastThatTellOftenEnough) {
  for (const double effect : {0.15, 0.3, 0.7}) {
    for (const double level : {0.95, 1 - 0.05 / 15, 1 - 0.05 / 45}) {
      const auto seeds = seeds_to_tell(open_pair(effect, 1, level));
      ASSERT_TRUE(seeds) << effect << " at " << level;
      EXPECT_GE(probability_of_telling(effect, 1, *seeds, level), kTellingProbability);
      EXPECT_LT(probability_of_telling(effect, 1, *seeds - 1, level), kTellingProbability);
    }
  }
}

TEST(SeedsToTell, AreNotSaidWhereThereIsNothingToSay) {
  EXPECT_FALSE(seeds_to_tell(open_pair(0.01, 1))) << "more than 1000";
  EXPECT_FALSE(seeds_to_tell(open_pair(0, 1)));
  EXPECT_FALSE(seeds_to_tell(open_pair(0, 0)));
  Comparison decided = open_pair(1, 1);
  decided.verdict = Verdict::first_better;
  EXPECT_FALSE(seeds_to_tell(decided));
  decided.verdict = Verdict::too_few_seeds;
  EXPECT_FALSE(seeds_to_tell(decided));
}

// Whoever cannot tell needs more seeds than there were, however close the interval came.
TEST(SeedsToTell, AreMoreThanThereWere) {
  for (std::uint64_t study = 0; study < 300; ++study) {
    const auto comparison =
        compare_pairs(std::vector<SeedValues>{by_seed(normals(8, 2 * study, 0.6)), by_seed(normals(8, 2 * study + 1))});
    if (const auto seeds = seeds_to_tell(comparison[0])) {
      EXPECT_EQ(comparison[0].verdict, Verdict::no_difference);
      EXPECT_GT(*seeds, 8u);
    }
  }
}

// The interval excludes 0 where |z + shift| > t · s: over all standard deviations s, whose (n − 1) s² is χ².
TEST(ProbabilityOfTelling, IsTheIntegralOverTheSpread) {
  const auto above = [](double z) { return 0.5 * std::erfc(z / std::sqrt(2)); };
  for (const std::size_t n : {8, 20, 300}) {
    // Of Student's t with 7, 19 and 299 degrees of freedom.
    const double t = n == 8 ? 2.3646243 : n == 20 ? 2.0930241 : 1.9679296;
    for (const double effect : {0.0, 0.05, 0.2, 0.7, 2.0}) {
      const double freedom = static_cast<double>(n) - 1, shift = effect * std::sqrt(static_cast<double>(n));
      constexpr int kPoints = 20'000;
      const double end = std::sqrt(freedom) + 10, width = end / kPoints;
      double sum = 0;
      for (int i = 0; i < kPoints; ++i) {
        const double chi = (i + 0.5) * width, reach = t * chi / std::sqrt(freedom);
        const double log_density =
            (freedom - 1) * std::log(chi) - chi * chi / 2 - (freedom / 2 - 1) * std::log(2) - std::lgamma(freedom / 2);
        sum += width * std::exp(log_density) * (above(reach - shift) + above(reach + shift));
      }
      EXPECT_NEAR(probability_of_telling(effect, 1, n, 0.95), sum, 1e-6) << n << ", " << effect;
    }
  }
}

TEST(ProbabilityOfTelling, IsTheLevelWithoutADifferenceAndOneFarOut) {
  for (const std::size_t n : {8, 30, 1000}) {
    for (const double level : {0.95, 0.999}) EXPECT_NEAR(probability_of_telling(0, 1, n, level), 1 - level, 1e-9);
    EXPECT_NEAR(probability_of_telling(1e6, 1, n, 0.95), 1, 1e-9);
  }
  EXPECT_THROW(probability_of_telling(1, 0, 8, 0.95), Error);
  EXPECT_THROW(probability_of_telling(1, 1, 7, 0.95), Error);
  EXPECT_THROW(probability_of_telling(1, 1, 8, 1), Error);
}

// What docs/statistics.md claims, on fewer studies than its tables: the bounds are the claim and three standard errors.
using namespace simulation;  // NOLINT(google-build-using-namespace)

double three_errors(double share, int studies) { return 3 * std::sqrt(share * (1 - share) / studies); }

TEST(Levels, FalseVerdictsAreAtMostOneStudyInTwenty) {
  constexpr int kStudies = 2'000;
  for (const Shape* shape : {&kNormal, &kGamma1, &kLognormal1, &kLognormal4})
    for (const std::size_t competitors : {2, 4, 6})
      for (const std::size_t seeds : {8, 20})
        EXPECT_LT(false_verdicts(*shape, Arrangement::alike, competitors, seeds, kStudies),
                  0.05 + three_errors(0.05, kStudies))
            << shape->name << ", " << competitors << " competitors, " << seeds << " seeds";
}

// Equal means, very unequal spreads.
TEST(Levels, SoTheyAreWhereSpreadsDiffer) {
  constexpr int kStudies = 2'000;
  for (const std::size_t competitors : {2, 6})
    EXPECT_LT(false_verdicts(kNormal, Arrangement::spread, competitors, 8, kStudies),
              0.05 + three_errors(0.05, kStudies));
}

// Wide enough is easy: of normal runs about as many verdicts are false as may be.
TEST(Levels, AreNotBoughtWithWidth) {
  constexpr int kStudies = 4'000;
  EXPECT_GT(false_verdicts(kNormal, Arrangement::alike, 2, 8, kStudies), 0.05 - three_errors(0.05, kStudies));
  EXPECT_GT(false_verdicts(kNormal, Arrangement::alike, 4, 8, kStudies), 0.035);
}

TEST(Levels, IntervalsOfAMeanCoverNinetyFivePercentUpToSkewnessOne) {
  constexpr int kSamples = 10'000;
  for (const Shape* shape : {&kNormal, &kGamma1, &kLognormal1}) {
    for (const std::size_t seeds : {8, 12, 20}) {
      const double covered = coverage(*shape, 0, seeds, kSamples, mean_interval);
      EXPECT_GT(covered, 0.93) << shape->name << ", " << seeds;
      EXPECT_LT(covered, 0.97) << shape->name << ", " << seeds;
    }
  }
}

TEST(Levels, BandsCoverTheMedianWhateverTheShape) {
  constexpr int kSamples = 10'000;
  for (const Shape* shape : shapes()) {
    for (const std::size_t seeds : {8, 9, 20}) {
      const double covered = coverage(*shape, shape->median, seeds, kSamples, median_interval);
      EXPECT_GT(covered, 0.94) << shape->name << ", " << seeds;
      EXPECT_LT(covered, 0.96) << shape->name << ", " << seeds;
    }
  }
}

TEST(Levels, PlannedLooksShareIt) {
  constexpr int kStudies = 2'000;
  const std::vector<std::size_t> looks{8, 12, 16};
  EXPECT_LT(false_verdicts_in_looks(kNormal, 4, looks, 0.05 / 3, kStudies), 0.05);
  EXPECT_GT(false_verdicts_in_looks(kNormal, 4, looks, 0.05, kStudies), 0.07);  // why they have to
}

TEST(Levels, ThePowerIsWhatSimulatedStudiesHave) {
  constexpr int kStudies = 4'000;
  for (const double effect : {0.4, 0.8, 1.2}) {
    for (const std::size_t seeds : {8, 20}) {
      int told = 0;
      for (int study = 0; study < kStudies; ++study) {
        std::vector<SeedValues> values =
            simulate(kNormal, Arrangement::alike, 2, seeds, static_cast<std::uint64_t>(study));
        for (auto& [seed, value] : values[0]) value += std::sqrt(2) * effect;
        told += compare_pairs(values)[0].verdict == Verdict::no_difference ? 0 : 1;
      }
      const double power = probability_of_telling(effect, 1, seeds, 0.95);
      EXPECT_NEAR(static_cast<double>(told) / kStudies, power, three_errors(power, kStudies))
          << effect << ", " << seeds;
    }
  }
}

// A study that is done anew with the seeds that were to tell is as rarely wrong as any other.
TEST(Levels, SeedsThatWouldTellTellNothingFalse) {
  constexpr int kStudies = 2'000;
  for (const Shape* shape : {&kNormal, &kGamma1}) {
    const Telling found = telling(*shape, 0, 8, kStudies);
    EXPECT_LT(found.told, 0.05 + three_errors(0.05, static_cast<int>(kStudies * found.open * (1 - found.too_many))))
        << shape->name;
  }
}

}  // namespace
}  // namespace thalweg::lab
