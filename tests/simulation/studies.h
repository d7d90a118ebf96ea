// Simulated studies of equally good competitors, in which every verdict is false and the true means are 0.
#pragma once

#include "study/statistics.h"

#include <thalweg/random.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace thalweg::lab::simulation {

/// A distribution of mean 0 and standard deviation 1.
struct Shape {
  const char* name;
  double (*draw)(const Random& random, std::uint64_t index);
  double median;
};

extern const Shape kNormal, kGamma1, kLognormal1, kExponential, kLognormal4, kOutliers;
/// All six: normal; skewness 1 (gamma, lognormal); worse (exponential: 2; lognormal: 4; one run in twenty 6 standard
/// deviations lower: −2).
std::span<const Shape* const> shapes();

enum class Arrangement {
  alike,     ///< all competitors have the shape
  mirrored,  ///< every second one is mirrored: the differences of such pairs are skewed too
  spread,    ///< the first one's standard deviation is four times the others'
};

std::vector<double> draw(const Shape& shape, std::size_t n, std::uint64_t study, std::uint32_t competitor = 0);
/// A study's values by seed, of so many competitors. The same number gives the same study, and its first seeds are
/// those of the study with fewer.
std::vector<SeedValues> simulate(const Shape& shape, Arrangement arrangement, std::size_t competitors,
                                 std::size_t seeds, std::uint64_t study);

/// Is any pair of this study called different at a family-wise error of this much?
using Judge = std::function<bool(std::span<const SeedValues>, double error)>;
/// By compare_pairs.
bool false_verdict(std::span<const SeedValues> study, double error = 0.05);
/// The share of studies with a false verdict.
double false_verdicts(const Shape& shape, Arrangement arrangement, std::size_t competitors, std::size_t seeds,
                      int studies, const Judge& judge = false_verdict);
/// The same for studies that are looked at after each of these numbers of seeds, every time with this error.
double false_verdicts_in_looks(const Shape& shape, std::size_t competitors, std::span<const std::size_t> looks,
                               double error, int studies);

/// What became of seeds_to_tell, in studies of two competitors whose true mean difference is `effect` standard
/// deviations of their differences.
struct Telling {
  double open = 0;                       ///< share of studies that cannot tell
  double too_many = 0;                   ///< of these: share that would take more than kMostSeedsToTell
  double low = 0, middle = 0, high = 0;  ///< 25th, 50th and 75th percentile of the numbers, one too many as +∞
  double told = 0;  ///< of studies done anew with the number that an open one gave: share that tells
};
Telling telling(const Shape& shape, double effect, std::size_t seeds, int studies);

using IntervalOf = std::function<Interval(std::span<const double>, double level)>;
/// The share of 95 % intervals that contain `truth`.
double coverage(const Shape& shape, double truth, std::size_t n, int samples, const IntervalOf& interval);

}  // namespace thalweg::lab::simulation
