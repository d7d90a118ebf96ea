// Draws simulated studies and counts false verdicts.
#include "simulation/studies.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>

namespace thalweg::lab::simulation {
namespace {

// A value may read this many positions of its stream.
constexpr std::uint64_t kPositions = 8;

double normal(const Random& random, std::uint64_t index) { return random.normal(kPositions * index); }

double exponential(const Random& random, std::uint64_t position) { return -std::log1p(-random.uniform(position)); }

// Sum of four exponentials: skewness 2 / √4.
double gamma1(const Random& random, std::uint64_t index) {
  double sum = 0;
  for (std::uint64_t i = 0; i < 4; ++i) sum += exponential(random, kPositions * index + i);
  return (sum - 4) / 2;
}

double exponential2(const Random& random, std::uint64_t index) { return exponential(random, kPositions * index) - 1; }

// exp(σ z), whose skewness is (w + 2) √(w − 1) with w = exp(σ²), moved and scaled.
double lognormal(const Random& random, std::uint64_t index, double w) {
  const double sigma = std::sqrt(std::log(w));
  return (std::exp(sigma * normal(random, index)) - std::sqrt(w)) / std::sqrt((w - 1) * w);
}

double lognormal_median(double w) { return (1 - std::sqrt(w)) / std::sqrt((w - 1) * w); }

// The roots of (w + 2) √(w − 1) = 1 and = 4.
constexpr double kW1 = 1.1038034027355363, kW4 = 2;

double lognormal1(const Random& random, std::uint64_t index) { return lognormal(random, index, kW1); }
double lognormal4(const Random& random, std::uint64_t index) { return lognormal(random, index, kW4); }

double outliers(const Random& random, std::uint64_t index) {
  const double low = random.uniform(kPositions * index + 1) < 0.05 ? -6 : 0;
  return (normal(random, index) + low + 0.3) / std::sqrt(1 + 0.05 * 0.95 * 36);
}

bool any_false(std::span<const Comparison> comparisons) {
  for (const Comparison& comparison : comparisons)
    if (comparison.verdict == Verdict::first_better || comparison.verdict == Verdict::second_better) return true;
  return false;
}

}  // namespace

const Shape kNormal{"normal", normal, 0};
const Shape kGamma1{"gamma, skewness 1", gamma1, -0.1639696255745522};
const Shape kLognormal1{"lognormal, skewness 1", lognormal1, lognormal_median(kW1)};
const Shape kExponential{"exponential, skewness 2", exponential2, std::log(2) - 1};
const Shape kLognormal4{"lognormal, skewness 4", lognormal4, lognormal_median(kW4)};
const Shape kOutliers{"1 run in 20 lower by 6 sd", outliers, 0.1421377015914247};

std::span<const Shape* const> shapes() {
  static const Shape* const all[] = {&kNormal, &kGamma1, &kLognormal1, &kExponential, &kLognormal4, &kOutliers};
  return all;
}

std::vector<double> draw(const Shape& shape, std::size_t n, std::uint64_t study, std::uint32_t competitor) {
  const Random random(study, RandomPurpose::test, shape.name, competitor);
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = shape.draw(random, i);
  return values;
}

std::vector<SeedValues> simulate(const Shape& shape, Arrangement arrangement, std::size_t competitors,
                                 std::size_t seeds, std::uint64_t study) {
  std::vector<SeedValues> result(competitors);
  for (std::size_t c = 0; c < competitors; ++c) {
    const double factor = arrangement == Arrangement::mirrored && c % 2 == 1 ? -1
                          : arrangement == Arrangement::spread && c == 0     ? 4
                                                                             : 1;
    const std::vector<double> values = draw(shape, seeds, study, static_cast<std::uint32_t>(c));
    for (std::size_t seed = 0; seed < seeds; ++seed)
      result[c].emplace_hint(result[c].end(), seed, factor * values[seed]);
  }
  return result;
}

bool false_verdict(std::span<const SeedValues> study, double error) { return any_false(compare_pairs(study, error)); }

double false_verdicts(const Shape& shape, Arrangement arrangement, std::size_t competitors, std::size_t seeds,
                      int studies, const Judge& judge) {
  int wrong = 0;
  for (int study = 0; study < studies; ++study)
    wrong += judge(simulate(shape, arrangement, competitors, seeds, static_cast<std::uint64_t>(study)), 0.05) ? 1 : 0;
  return static_cast<double>(wrong) / studies;
}

double false_verdicts_in_looks(const Shape& shape, std::size_t competitors, std::span<const std::size_t> looks,
                               double error, int studies) {
  int wrong = 0;
  for (int study = 0; study < studies; ++study) {
    for (const std::size_t seeds : looks) {
      const auto number = static_cast<std::uint64_t>(study);
      if (!false_verdict(simulate(shape, Arrangement::alike, competitors, seeds, number), error)) continue;
      ++wrong;
      break;
    }
  }
  return static_cast<double>(wrong) / studies;
}

Telling telling(const Shape& shape, double effect, std::size_t seeds, int studies) {
  constexpr std::uint64_t kAnew = 1'000'000'000;  // numbers of studies that are done again
  // The difference of two values of standard deviation 1 has √2.
  const auto study = [&](std::size_t with, std::uint64_t number) {
    std::vector<SeedValues> values = simulate(shape, Arrangement::alike, 2, with, number);
    for (auto& [seed, value] : values[0]) value += std::sqrt(2) * effect;
    return compare_pairs(values)[0];
  };
  std::vector<double> numbers;
  int answered = 0, told = 0;
  for (int i = 0; i < studies; ++i) {
    const auto number = static_cast<std::uint64_t>(i);
    const Comparison first = study(seeds, number);
    if (first.verdict != Verdict::no_difference) continue;
    const std::optional<std::size_t> enough = seeds_to_tell(first);
    numbers.push_back(enough ? static_cast<double>(*enough) : std::numeric_limits<double>::infinity());
    if (!enough) continue;
    ++answered;
    told += study(*enough, kAnew + number).verdict != Verdict::no_difference ? 1 : 0;
  }
  Telling result;
  if (numbers.empty()) return result;
  std::ranges::sort(numbers);
  const auto at = [&](double share) {
    return numbers[static_cast<std::size_t>(share * static_cast<double>(numbers.size() - 1))];
  };
  result.open = static_cast<double>(numbers.size()) / studies;
  result.too_many =
      static_cast<double>(numbers.size() - static_cast<std::size_t>(answered)) / static_cast<double>(numbers.size());
  result.low = at(0.25);
  result.middle = at(0.5);
  result.high = at(0.75);
  if (answered > 0) result.told = static_cast<double>(told) / answered;
  return result;
}

double coverage(const Shape& shape, double truth, std::size_t n, int samples, const IntervalOf& interval) {
  int covered = 0;
  for (int sample = 0; sample < samples; ++sample)
    covered += interval(draw(shape, n, static_cast<std::uint64_t>(sample)), 0.95).contains(truth) ? 1 : 0;
  return static_cast<double>(covered) / samples;
}

}  // namespace thalweg::lab::simulation
