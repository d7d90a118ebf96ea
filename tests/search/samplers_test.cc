// Samplers by name; what random draws.
#include "error_of.h"
#include "search/sampler.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::error_of;

SearchSpace space_of(std::vector<std::string> texts) { return parse_space(texts); }

constexpr int kDraws = 4000;

/// The values of one dimension in kDraws random trials.
std::vector<double> draws(const std::string& range) {
  const SearchSpace space = space_of({"before=0:1", range});
  const auto sampler = make_sampler(space, {"random", 1, 0});
  std::vector<double> values;
  for (int i = 0; i < kDraws; ++i) values.push_back(sampler->propose(i, {})[1].value());
  return values;
}

/// Kolmogorov-Smirnov's distance from the uniform distribution, times √n: above 1.95 once in a thousand seeds.
double distance_from_uniform(std::vector<double> units) {
  std::sort(units.begin(), units.end());
  double distance = 0;
  const double n = static_cast<double>(units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    const double k = static_cast<double>(i);
    distance = std::max({distance, units[i] - k / n, (k + 1) / n - units[i]});
  }
  return distance * std::sqrt(n);
}

/// Pearson's χ² of these values against a probability for each of first, first + 1, ….
double chi_squared(const std::vector<double>& values, double first, const std::vector<double>& probabilities) {
  std::vector<double> counts(probabilities.size(), 0);
  for (const double value : values) counts.at(static_cast<std::size_t>(value - first)) += 1;
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = probabilities[i] * static_cast<double>(values.size());
    sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return sum;
}

TEST(Samplers, AreKnownByName) {
  EXPECT_THAT(sampler_names(), ElementsAre("grid", "random", "sobol", "tpe"));
  const SearchSpace space = space_of({"lr=0:1"});
  for (const std::string& name : sampler_names()) {
    EXPECT_EQ(make_sampler(space, {name, 1, 10})->learns(), name == "tpe") << name;
  }
  EXPECT_THAT(error_of([&] {
                make_sampler(space, {"randon", 1, 10});
              }),
              HasSubstr("unknown sampler 'randon'; did you mean random?"));
}

TEST(Random, RealNumbersAreUniform) {
  std::vector<double> units = draws("x=-2:6");
  for (double& unit : units) unit = (unit + 2) / 8;
  EXPECT_LT(distance_from_uniform(units), 1.95);
}

TEST(Random, LogarithmicNumbersHaveUniformLogarithms) {
  std::vector<double> units = draws("x=log:1e-4:10");
  for (double& unit : units) unit = (std::log10(unit) + 4) / 5;
  EXPECT_LT(distance_from_uniform(units), 1.95);
}

// Bounds are χ²'s 99.9th percentiles.
TEST(Random, WholeNumbersAreUniform) {
  EXPECT_LT(chi_squared(draws("x=int:-3:6"), -3, std::vector<double>(10, 0.1)), 27.88);
}

TEST(Random, LogarithmicWholeNumbersHaveTheirIntervalsShare) {
  std::vector<double> probabilities;
  for (int i = 1; i <= 8; ++i) probabilities.push_back(std::log((i + 0.5) / (i - 0.5)) / std::log(8.5 / 0.5));
  EXPECT_LT(chi_squared(draws("x=int:log:1:8"), 1, probabilities), 24.32);
}

TEST(Random, ChoicesAreUniform) {
  EXPECT_LT(chi_squared(draws("x=choice:a|b|c|d|e"), 0, std::vector<double>(5, 0.2)), 18.47);
}

TEST(Random, HugeRangesStayFinite) {
  for (const double value : draws("x=-1.7e308:1.7e308")) EXPECT_LE(std::abs(value), 1.7e308);
}

TEST(Random, OnlyWhatCountsHasAValue) {
  const SearchSpace space = space_of({"a=choice:x|y", "b=choice:u|v:if:a=y", "c=0:1:if:b=v", "d=0:1"});
  const auto sampler = make_sampler(space, {"random", 3, 0});
  int with_b = 0, with_c = 0;
  for (int i = 0; i < 100; ++i) {
    const Point point = sampler->propose(i, {});
    EXPECT_EQ(point[1].has_value(), *point[0] == 1);
    EXPECT_EQ(point[2].has_value(), point[1] == 1.0);
    EXPECT_TRUE(point[3]);
    with_b += point[1].has_value();
    with_c += point[2].has_value();
  }
  EXPECT_GT(with_b, 30);
  EXPECT_GT(with_c, 10);
}

TEST(Random, IsAFunctionOfSeedAndNumber) {
  const SearchSpace space = space_of({"x=0:1", "y=0:1"});
  const auto one = make_sampler(space, {"random", 1, 0}), two = make_sampler(space, {"random", 2, 0});
  EXPECT_EQ(one->propose(7, {}), make_sampler(space, {"random", 1, 99})->propose(7, {}));
  EXPECT_NE(one->propose(7, {}), one->propose(8, {}));
  EXPECT_NE(one->propose(7, {}), two->propose(7, {}));
  EXPECT_NE(one->propose(7, {})[0], one->propose(7, {})[1]);
}

}  // namespace
}  // namespace thalweg::lab
