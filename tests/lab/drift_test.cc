// Tests of drift: the tests of two samples against tables, definitions and simulations, and what is told of tables.
#include "risk/drift.h"

#include "data/parts.h"
#include "data/table_dataset.h"
#include "risk/two_samples.h"

#include <thalweg/random.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace thalweg::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Draws {
  explicit Draws(std::uint64_t seed) : random(seed, RandomPurpose::test, "drift") {}
  double normal() { return random.normal(next++); }
  double uniform() { return random.uniform(next++); }
  Random random;
  std::uint64_t next = 1;
};

TEST(KolmogorovSmirnov, IsTheGreatestDistance) {
  Draws draws(1);
  std::vector<double> a, b;
  for (int i = 0; i < 40; ++i) a.push_back(std::round(4 * draws.normal()));
  for (int i = 0; i < 25; ++i) b.push_back(std::round(4 * draws.normal()) + 1);
  double distance = 0;
  for (double at = -20; at < 20; at += 0.5) {
    const auto share = [&](const std::vector<double>& values) {
      return static_cast<double>(std::ranges::count_if(values, [&](double v) { return v <= at; })) /
             static_cast<double>(values.size());
    };
    distance = std::max(distance, std::abs(share(a) - share(b)));
  }
  EXPECT_NEAR(kolmogorov_smirnov(a, b).statistic, distance, 1e-12);
  EXPECT_EQ(kolmogorov_smirnov(a, a).p, 1);
  EXPECT_EQ(kolmogorov_smirnov({}, a).p, 1);
}

TEST(KolmogorovSmirnov, HasTheQuantilesOfTables) {
  // Kolmogorov's distribution is .95 at 1.3581 and .99 at 1.6276 (Smirnov 1948).
  for (const auto& [quantile, p] : {std::pair{1.3581, 0.05}, {1.6276, 0.01}}) {
    // Two samples of 20,000 whose distribution functions are `quantile / √10000` apart, in the limit.
    const int size = 20000;
    const int shift = static_cast<int>(std::lround(quantile / 100 * size));
    std::vector<double> a(size), b(size);
    std::iota(a.begin(), a.end(), 0.0);
    std::iota(b.begin(), b.end(), static_cast<double>(shift));
    EXPECT_NEAR(kolmogorov_smirnov(a, b).p, p, 0.1 * p);
  }
}

TEST(ChiSquare, ByHand) {
  // (30, 70) against (50, 50): 200 (30·50 − 50·70)² / (100·100·80·120) = 8.333…, p = .00389 with one degree of freedom.
  const TwoSampleTest test = chi_square({30, 70}, {50, 50});
  EXPECT_NEAR(test.statistic, 200 * std::pow(30.0 * 50 - 50 * 70, 2) / (100.0 * 100 * 80 * 120), 1e-12);
  EXPECT_NEAR(test.p, std::erfc(std::sqrt(test.statistic / 2)), 1e-12);
  // Two rare categories are one; two degrees of freedom are an exponential.
  const TwoSampleTest pooled = chi_square({40, 50, 4, 6}, {60, 30, 7, 3});
  const TwoSampleTest by_hand = chi_square({40, 50, 10}, {60, 30, 10});
  EXPECT_NEAR(pooled.statistic, by_hand.statistic, 1e-12);
  EXPECT_NEAR(pooled.p, std::exp(-pooled.statistic / 2), 1e-12);
  EXPECT_EQ(chi_square({5, 0}, {7, 0}).p, 1);
  EXPECT_EQ(chi_square({0, 0}, {7, 9}).p, 1);
}

TEST(Holm, ByHand) {
  // Holm's own way: 3 · .01, then 2 · .02, then .5; ascending.
  EXPECT_THAT(holm({0.5, 0.01, 0.02}), ElementsAre(0.5, 0.03, 0.04));
  EXPECT_THAT(holm({0.9, 0.6}), ElementsAre(1, 1));
  EXPECT_TRUE(holm({}).empty());
}

TEST(StabilityIndex, ByHand) {
  EXPECT_EQ(stability_index({10, 20, 30}, {20, 40, 60}) < 1e-3, true);
  const double p = 300.5 / 1001, q = 600.5 / 1001;
  EXPECT_NEAR(stability_index({300, 700}, {600, 400}),
              (q - p) * std::log(q / p) + (p - q) * std::log((1 - q) / (1 - p)), 1e-12);
  EXPECT_GT(stability_index({10, 0}, {0, 10}), 1);
}

/// Numbers, a count, a category with gaps and a class; from row `from` on all but `steady` are distributed otherwise.
DataTable table(std::int64_t rows, std::int64_t from, std::uint64_t seed) {
  Draws draws(seed);
  DataTable result{.file = "x", .rows = rows};
  TableColumn steady{.name = "steady"}, moved{.name = "moved"}, gaps{.name = "gaps"}, count{.name = "count"};
  TableColumn kind{.name = "kind", .kind = ColumnKind::category, .categories = {"a", "b", "new"}};
  TableColumn target{.name = "class", .kind = ColumnKind::category, .categories = {"no", "yes"}};
  for (std::int64_t row = 0; row < rows; ++row) {
    const bool later = row >= from;
    steady.numbers.push_back(draws.normal() * 1e6);
    moved.numbers.push_back(draws.normal() + (later ? 1 : 0));
    const double value = draws.normal();
    gaps.numbers.push_back(draws.uniform() < (later ? 0.5 : 0.1) ? std::numeric_limits<double>::quiet_NaN() : value);
    count.numbers.push_back(std::floor(draws.uniform() * (later ? 2 : 4)));
    const double u = draws.uniform();
    kind.codes.push_back(later && u < 0.3 ? 2 : u < 0.6 ? 1 : 0);
    target.codes.push_back(draws.uniform() < 0.5 ? 1 : 0);
    result.lines.add(row, row + 1);
  }
  result.columns = {steady, moved, gaps, count, kind, target};
  return result;
}

std::map<std::string, ColumnDrift> by_name(const Drift& drift) {
  std::map<std::string, ColumnDrift> columns;
  for (const ColumnDrift& each : drift.columns) columns[each.column] = each;
  return columns;
}

TEST(Drift, NamesColumnsThatDiffer) {
  Dataset dataset = table_dataset(table(1000, 600, 1), {.target = "class"});
  std::vector<std::int64_t> training(600), test(400);
  std::iota(training.begin(), training.end(), 0);
  std::iota(test.begin(), test.end(), 600);
  const auto drift = drift_of(dataset, training, test);
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->training, 600);
  EXPECT_EQ(drift->test, 400);
  const auto columns = by_name(*drift);
  ASSERT_EQ(columns.size(), 6u);
  EXPECT_FALSE(columns.at("steady").differs());
  EXPECT_FALSE(columns.at("class").differs());
  EXPECT_TRUE(columns.at("class").is_target);
  EXPECT_LT(columns.at("moved").p, 1e-6);
  EXPECT_EQ(columns.at("moved").test, "ks");
  EXPECT_GT(columns.at("moved").index, 0.25);
  EXPECT_GT(columns.at("gaps").p, 0.05) << "its values are the same, where they are there";
  EXPECT_LT(columns.at("gaps").missing_p, 1e-6);
  EXPECT_NEAR(columns.at("gaps").missing_training, 0.1, 0.05);
  EXPECT_NEAR(columns.at("gaps").missing_test, 0.5, 0.1);
  EXPECT_EQ(columns.at("count").test, "chi_square") << "four distinct numbers";
  EXPECT_LT(columns.at("count").p, 1e-6);
  EXPECT_LT(columns.at("kind").p, 1e-6);
  EXPECT_THAT(columns.at("kind").unknown, ElementsAre("new"));
  EXPECT_NEAR(columns.at("kind").unknown_test, 0.3, 0.08);
  EXPECT_TRUE(drift->columns.front().differs());
  EXPECT_FALSE(drift->columns.back().differs());
  EXPECT_THAT(drift_line(*drift), HasSubstr("gaps (missing ones"));
  EXPECT_EQ(nlohmann::json::parse(nlohmann::json(*drift).dump()).get<Drift>(), *drift);
}

TEST(Drift, GapsOfTheTestPartAloneAreSeen) {
  // Another file as the test part: the training part knows of no gaps, and so has no column that says where they are.
  DataTable train = table(400, 400, 2), test = table(300, 0, 3);
  for (double& each : train.columns[2].numbers)
    if (std::isnan(each)) each = 0;  // as often a number that is there as the mean
  const Dataset dataset = table_dataset(train, {.target = "class"}, &test);
  const auto columns = by_name(*drift_of(dataset, dataset.train, dataset.test));
  EXPECT_EQ(columns.at("gaps").missing_training, 0);
  EXPECT_NEAR(columns.at("gaps").missing_test, 0.5, 0.1);
  EXPECT_LT(columns.at("gaps").missing_p, 1e-6);
  EXPECT_GT(columns.at("kind").unknown_test, 0.2);
}

TEST(Drift, IsSeldomSeenWhereThereIsNone) {
  // At most .05 in each of 300 tables: 15 on average, 15 + 4 √(15 · .95) = 30 at most.
  int seen = 0;
  for (std::uint64_t seed = 10; seed < 310; ++seed) {
    const Dataset dataset = table_dataset(table(150, 150, seed), {.target = "class", .test_fraction = 0.3});
    const Drift drift = *drift_of(dataset, dataset.train, dataset.test);
    seen += std::ranges::any_of(drift.columns, &ColumnDrift::differs) ? 1 : 0;
  }
  EXPECT_LE(seen, 30);
}

TEST(Drift, OfTablesAlone) {
  const Dataset images = open_dataset("make:line,rows=20");
  EXPECT_FALSE(drift_of(images, {}, images.test)) << "no training examples";
  const Dataset series = open_dataset("make:sines,rows=60");
  EXPECT_FALSE(drift_of(series, series.train, series.test));
}

}  // namespace
}  // namespace thalweg::lab
