// Statistics over seeds: summaries, confidence intervals, and which differences between optimizers are shown.
#pragma once

#include "tasks/metric.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace thalweg::lab {

/// Fewer seeds than this give no interval and no verdict: their points are shown instead.
constexpr std::size_t kSeedsForVerdict = 8;

// All of these need at least one value (sample_sd: two) and throw thalweg::Error otherwise.

double mean(std::span<const double> values);
/// With n − 1 in the denominator.
double sample_sd(std::span<const double> values);
/// Between the two middle values where n is even. Infinities are ordered like any value: a median over runs of which
/// fewer than half are censored (+∞) is finite.
double median(std::span<const double> values);
/// Linear between order statistics (Hyndman and Fan 1996, type 7), probability in [0, 1].
double quantile(std::span<const double> values, double probability);

struct Interval {
  double low = 0, high = 0;
  bool contains(double value) const { return low <= value && value <= high; }
};

/// Confidence interval of the mean: mean ± t · sd / √n (Student 1908), for at least two values and a level in (0, 1).
/// docs/statistics.md shows how well it covers, and why it is taken: of six candidates it alone holds its level at 8
/// values and levels such as 1 − 0.05 / 15.
Interval mean_interval(std::span<const double> values, double level = 0.95);
/// Confidence interval of the median: between order statistics, at whose exact levels (binomial) it is interpolated
/// (Hettmansperger and Sheather 1986, "Confidence intervals based on interpolated order statistics"). Needs as many
/// values as give the level at all: 6 for 95 %.
Interval median_interval(std::span<const double> values, double level = 0.95);

enum class Verdict {
  too_few_seeds,
  no_difference,  ///< none is shown: the interval contains 0
  first_better,
  second_better,
};

/// Two competitors over the seeds that both have.
struct Comparison {
  std::size_t first = 0, second = 0;  ///< indices of the competitors
  std::size_t seeds = 0;              ///< in common
  double difference = 0;              ///< mean over these of first − second; 0 without common seeds
  double sd = 0;                      ///< of these differences; 0 for fewer than two
  Interval interval;                  ///< of the difference; meaningless for too few seeds
  double level = 0;                   ///< of the interval, Bonferroni's correction included
  Verdict verdict = Verdict::too_few_seeds;
};

/// Value by seed, for one competitor.
using SeedValues = std::map<std::uint64_t, double>;

/// Every pair of competitors, compared over common seeds: mean_interval of the paired differences. Where p pairs can be
/// compared each interval has level 1 − error / p (Bonferroni), so that all of them hold at once with confidence
/// 1 − error and the best of many is no winner by chance. error: in (0, 1).
std::vector<Comparison> compare_pairs(std::span<const SeedValues> competitors, double error = 0.05,
                                      Better better = Better::higher);

/// The probability that mean_interval of n differences excludes 0, where they are normal with this mean and standard
/// deviation: the power of the two-sided t test (non-central t with n − 1 degrees of freedom and non-centrality
/// √n · mean / sd). n: at least kSeedsForVerdict; sd above 0; level in (0, 1).
double probability_of_telling(double mean, double sd, std::size_t n, double level);

/// What `seeds_to_tell` is asked at least, and at most.
constexpr double kTellingProbability = 0.8;
constexpr std::size_t kMostSeedsToTell = 1000;

/// How many seeds a study of this pair needs to tell with probability kTellingProbability, were the mean difference
/// and standard deviation that it showed the true ones. They are not: of the same data, the number is a rough guide
/// (docs/statistics.md has how often it told). Nothing where it is more than kMostSeedsToTell, and where the pair
/// shows a difference or has too few seeds.
std::optional<std::size_t> seeds_to_tell(const Comparison& comparison);

}  // namespace thalweg::lab
