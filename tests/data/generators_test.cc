// Tests of generated data: their formulas, seeds, options, and the way through a CSV file.
#include "data/generators.h"

#include "data/csv.h"
#include "dataset_calls.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::HasSubstr;

DataTable made(const std::string& text) {
  const auto [generator, options] = parse_generator(text);
  return generator->make(options);
}

const std::vector<double>& numbers(const DataTable& table, const std::string& name) {
  return table.column(name).numbers;
}

TEST(Generators, TheSameSeedMakesTheSameData) {
  for (const Generator& generator : generators()) {
    const auto fingerprint = [&](const std::string& options) {
      const std::string fewer = generator.usual.rows > 10000 ? ",rows=5000" : "";
      return open_dataset("make:" + generator.name + fewer + options).fingerprint;
    };
    EXPECT_EQ(fingerprint(""), fingerprint("")) << generator.name;
    EXPECT_NE(fingerprint(",seed=5"), fingerprint(",seed=6")) << generator.name;
    EXPECT_NE(fingerprint(",noise=0.5"), fingerprint(",noise=0.25")) << generator.name;
    EXPECT_EQ(made(generator.name + ",rows=123").rows, 123) << generator.name;
    // More rows begin with the same ones.
    const std::string few = to_csv(made(generator.name + ",rows=50")), many = to_csv(made(generator.name + ",rows=90"));
    EXPECT_TRUE(many.starts_with(few)) << generator.name;
  }
}

TEST(Generators, ALineHasItsSlopeAndIntercept) {
  const DataTable table = made("line,rows=10000,noise=0.5");
  const std::vector<double>&x = numbers(table, "x"), &y = numbers(table, "y");
  const Moments mx = moments_of(x), my = moments_of(y);
  double product = 0;
  for (std::size_t i = 0; i < x.size(); ++i) product += (x[i] - mx.mean) * (y[i] - my.mean) / 10000;
  const double slope = product / (mx.deviation * mx.deviation);
  EXPECT_NEAR(slope, 3, 0.05);
  EXPECT_NEAR(my.mean - slope * mx.mean, 2, 0.03);
  EXPECT_NEAR(std::sqrt(my.deviation * my.deviation - slope * product), 0.5, 0.02);
  EXPECT_THAT(x, testing::Each(testing::AllOf(testing::Ge(-1), testing::Le(1))));
  const DataTable exact = made("line,noise=0");
  for (std::size_t i = 0; i < 1000; ++i) EXPECT_DOUBLE_EQ(numbers(exact, "y")[i], 3 * numbers(exact, "x")[i] + 2);
}

TEST(Generators, SinesHaveTheirPeriods) {
  const DataTable table = made("sines,rows=3000");
  const std::vector<double>& y = numbers(table, "y");
  const auto amplitude = [&](double period) {
    std::complex<double> sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i)
      sum += y[i] * std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(i) / period);
    return 2 * std::abs(sum) / static_cast<double>(y.size());
  };
  EXPECT_NEAR(amplitude(25), 1, 0.02);
  EXPECT_NEAR(amplitude(60), 0.5, 0.02);
  for (const double other : {10.0, 20.0, 30.0, 50.0, 100.0, 300.0}) EXPECT_LT(amplitude(other), 0.02) << other;
}

/// Share of test examples whose nearest training examples, by the scaled numbers and equal codes, are mostly of their
/// class.
double nearest_neighbours(const Dataset& dataset, int neighbours = 1) {
  const Loaded all = loaded(dataset);
  const auto width = static_cast<std::size_t>(dataset.inputs[0].size());
  const std::size_t codes = dataset.inputs.size() > 1 ? static_cast<std::size_t>(dataset.inputs[1].size()) : 0;
  const auto distance = [&](std::int64_t a, std::int64_t b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    double sum = 0;
    for (std::size_t k = 0; k < width; ++k) sum += std::pow(all.real[0][i * width + k] - all.real[0][j * width + k], 2);
    for (std::size_t k = 0; k < codes; ++k) sum += all.codes[1][i * codes + k] == all.codes[1][j * codes + k] ? 0 : 1;
    return sum;
  };
  double right = 0;
  for (const std::int64_t test : dataset.test) {
    std::vector<std::pair<double, std::int64_t>> near;
    for (const std::int64_t training : dataset.train)
      near.emplace_back(distance(test, training), dataset.examples->label(training));
    std::ranges::partial_sort(near, near.begin() + neighbours);
    std::map<std::int64_t, int> votes;
    for (auto each = near.begin(); each != near.begin() + neighbours; ++each) ++votes[each->second];
    const auto most = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    right += dataset.examples->label(test) == most->first ? 1 : 0;
  }
  return right / static_cast<double>(dataset.test.size());
}

TEST(Generators, ClassesCanBeLearned) {
  EXPECT_GT(nearest_neighbours(open_dataset("make:spirals,rows=600")), 0.9);
  EXPECT_GT(nearest_neighbours(open_dataset("make:spirals,rows=900,classes=3")), 0.9);
  EXPECT_GT(nearest_neighbours(open_dataset("make:classification,rows=2000"), 15), 0.65);
  EXPECT_GT(nearest_neighbours(open_dataset("make:classification,rows=2000,classes=5"), 15), 0.5);
}

TEST(Generators, ClassificationHasCategoriesAndGaps) {
  const Dataset dataset = open_dataset("make:classification,rows=2000");
  ASSERT_EQ(dataset.inputs.size(), 2U);
  EXPECT_EQ(dataset.inputs[0].columns.back(), "x8 is missing");
  EXPECT_THAT(dataset.inputs[1].sizes, testing::ElementsAre(4, 3));
  EXPECT_EQ(dataset.target.class_names, (std::vector<std::string>{"a", "b"}));
  const Loaded all = unscaled(dataset);
  double missing = 0;
  for (std::size_t i = 0; i < 2000; ++i) missing += all.real[0][9 * i + 8] / 2000;
  EXPECT_NEAR(missing, 0.05, 0.02);
}

TEST(Generators, ASeriesHasAWindow) {
  const Dataset dataset = open_dataset("make:sines");
  EXPECT_THAT(dataset.inputs[0].shape, testing::ElementsAre(50, 1));
  EXPECT_TRUE(dataset.in_order);
  EXPECT_THAT(open_dataset("make:sines", {.window = 20, .horizon = 5}).inputs[0].shape, testing::ElementsAre(20, 1));
  EXPECT_EQ(
      open_dataset("make:sines", {.horizon = 5}).train.size() + open_dataset("make:sines", {.horizon = 5}).test.size(),
      2000U - 54);
  EXPECT_THAT(error_of([] { open_dataset("make:line", {.horizon = 2}); }), HasSubstr("--horizon: means nothing"));
}

TEST(Generators, TheirCsvIsTheSameData) {
  const Files files;
  for (const Generator& generator : generators()) {
    const DataTable table = made(generator.name + ",rows=400");
    const Dataset direct = open_dataset("make:" + generator.name + ",rows=400");
    const bool is_table = generator.format == "csv";  // a file of ratings has only the ids that occur
    const Dataset read = is_table ? files.csv(to_csv(table), {.target = generator.target, .window = generator.window})
                                  : open_dataset(generator.format + ":" + files.write("in.csv", to_csv(table)));
    EXPECT_EQ(read.fingerprint == direct.fingerprint, is_table) << generator.name;
    EXPECT_EQ(read.test, direct.test) << generator.name;
    EXPECT_EQ(direct.origin, "");
  }
}

TEST(Generators, CsvQuotesWhatMustBe) {
  DataTable table{
      .file = "t", .columns = {{.name = "a,\"b\""}, {.name = "c", .kind = ColumnKind::category}}, .rows = 3};
  table.columns[0].numbers = {0.1, std::nan(""), 1e-300};
  table.columns[1].categories = {"x, \"y\"", "two\nlines"};
  table.columns[1].codes = {0, 1, kMissingCode};
  const DataTable again = read_csv_text(to_csv(table), "again");
  EXPECT_EQ(again.columns[0].name, table.columns[0].name);
  EXPECT_EQ(again.columns[0].numbers[0], 0.1);
  EXPECT_TRUE(std::isnan(again.columns[0].numbers[1]));
  EXPECT_EQ(again.columns[0].numbers[2], 1e-300);
  EXPECT_EQ(again.columns[1].codes[2], kMissingCode);
  EXPECT_EQ(again.columns[1].categories[static_cast<std::size_t>(again.columns[1].codes[0])], "x, \"y\"");
  EXPECT_EQ(again.columns[1].categories[static_cast<std::size_t>(again.columns[1].codes[1])], "two\nlines");
}

TEST(Generators, WrongTextsAreRefused) {
  const std::map<std::string, std::string> errors{
      {"spiral", "did you mean spirals?"},
      {"", "unknown generator ''"},
      {"line,row=5", "make: line has no option 'row'; did you mean rows?"},
      {"line,classes=3", "make: line has no option 'classes'"},
      {"line,rows", "make: 'rows' is no option; expected KEY=VALUE with rows, seed, noise"},
      {"line,rows=0", "rows = 0 is no number in [1, 100000000]"},
      {"line,rows=1.5", "rows = 1.5"},
      {"line,rows=", "rows = "},
      {"line,rows=99999999999999999999", "rows = 99999999999999999999 is no number"},
      {"line,noise=nan", "noise = nan"},
      {"line,noise=-1", "noise = -1"},
      {"line,seed=-1", "seed = -1"},
      {"spirals,classes=27", "classes = 27 is no number in [2, 26]"},
      {"line,rows=5,rows=6", "'rows' is given twice"},
  };
  for (const auto& [text, error] : errors)
    EXPECT_THAT(error_of([&, text = text] { parse_generator(text); }), HasSubstr(error)) << text;
  EXPECT_THAT(error_of([] { open_dataset("make:"); }), HasSubstr("expected NAME behind the colon"));
  EXPECT_THAT(error_of([] { open_dataset("make:line,rows=1"); }), HasSubstr("leaves none"));
  EXPECT_THAT(error_of([] { open_dataset("make:line", {.target = "z"}); }), HasSubstr("--target z"));
  EXPECT_THAT(error_of([] { open_dataset("make:line", {.test_data = "make:line,seed=2"}); }),
              HasSubstr("--test-data: means nothing"));
}

}  // namespace
}  // namespace thalweg::lab::test
