// Statistics over seeds: summaries, bootstrap intervals, and which differences between optimizers are shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
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

/// Bootstrap intervals for samples of one size n ≥ 2. Deterministic: the resamples are a function of n and their count
/// alone, so that all curves of a report are resampled alike, and anybody gets the same interval again.
class Bootstrap {
 public:
  explicit Bootstrap(std::size_t n, std::size_t resamples = 10'000);

  /// Of the mean: expanded percentile interval (Hesterberg 2015, "What teachers should know about the bootstrap",
  /// section 5.3). The plain percentile interval is too narrow for small samples (at n = 8 it covers 90 %, not 95 %);
  /// this one asks for quantiles as far out as Student's t with n − 1 degrees of freedom is wider than the normal.
  Interval mean(std::span<const double> values, double level = 0.95) const;
  /// Of the median: plain percentile interval, which is not too narrow.
  Interval median(std::span<const double> values, double level = 0.95) const;

 private:
  std::size_t n_, resamples_;
  std::vector<std::uint16_t> indices_;  // resamples × n
};

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
  Interval interval;                  ///< of the difference; meaningless for too few seeds
  double level = 0;                   ///< of the interval, Bonferroni's correction included
  Verdict verdict = Verdict::too_few_seeds;
};

/// Value (higher is better) by seed, for one competitor.
using SeedValues = std::map<std::uint64_t, double>;

/// Every pair of competitors, compared over common seeds: bootstrap interval of the mean of the paired differences.
/// Where p pairs can be compared each interval has level 1 − 0.05 / p (Bonferroni), so that with 95 % probability all
/// of them hold at once and the best of many is no winner by chance.
std::vector<Comparison> compare_pairs(std::span<const SeedValues> competitors);

/// The quantile of Student's t: P(T ≤ t) = probability, in (0, 1), for whole degrees of freedom ≥ 1.
double student_t_quantile(double probability, int degrees_of_freedom);

}  // namespace thalweg::lab
