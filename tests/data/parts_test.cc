// Tests of parts: what is drawn or cut for the test part.
#include "data/parts.h"

#include "dataset_calls.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<std::int64_t> upto(std::int64_t count) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  return numbers;
}

void expect_parts(const Drawn& parts, const std::vector<std::int64_t>& of) {
  EXPECT_TRUE(std::ranges::is_sorted(parts.kept));
  EXPECT_TRUE(std::ranges::is_sorted(parts.drawn));
  std::vector<std::int64_t> both;
  std::ranges::merge(parts.kept, parts.drawn, std::back_inserter(both));
  EXPECT_EQ(both, of);  // disjoint and complete
}

TEST(Parts, OfEachClassTheSameShareIsDrawn) {
  // Classes of very different sizes, mixed.
  const auto label = [](std::int64_t example) {
    return example % 100 == 0 ? std::int64_t{2} : example % 10 == 0 ? std::int64_t{1} : std::int64_t{0};
  };
  for (const std::int64_t count : {1, 2, 7, 100, 1000, 12345}) {
    for (const double share : {0.01, 0.1, 0.2, 0.5, 0.9}) {
      const Drawn parts = draw(upto(count), share, Random(3, RandomPurpose::split, "x"), label);
      expect_parts(parts, upto(count));
      EXPECT_EQ(std::ssize(parts.drawn), std::llround(static_cast<double>(count) * share)) << count << ' ' << share;
      std::map<std::int64_t, double> all, drawn;
      for (std::int64_t i = 0; i < count; ++i) ++all[label(i)];
      for (const std::int64_t example : parts.drawn) ++drawn[label(example)];
      for (const auto& [name, size] : all) EXPECT_LE(std::abs(drawn[name] - share * size), 1) << count << ' ' << name;
    }
  }
}

TEST(Parts, AreDeterminedByTheSeedAlone) {
  const auto drawn = [](std::uint64_t seed, std::int64_t count = 1000) {
    return draw(upto(count), 0.2, Random(seed, RandomPurpose::split, "x")).drawn;
  };
  EXPECT_EQ(drawn(1), drawn(1));
  EXPECT_NE(drawn(1), drawn(2));
  // Drawn evenly: of 100 seeds each of 50 examples is drawn about 20 times.
  std::vector<int> times(50);
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    for (const std::int64_t example : drawn(seed, 50)) ++times[static_cast<std::size_t>(example)];
  EXPECT_THAT(times, testing::Each(AllOf(testing::Gt(4), testing::Lt(40))));
}

TEST(Parts, WhatIsInOrderIsCut) {
  for (const double share : {0.1, 0.25, 0.999}) {
    const Drawn parts = cut(upto(101), share);
    expect_parts(parts, upto(101));
    EXPECT_EQ(std::ssize(parts.drawn), std::llround(101 * share));
    if (!parts.kept.empty()) {
      EXPECT_LT(parts.kept.back(), parts.drawn.front());
    }
  }
}

TEST(Parts, OfTables) {
  std::string text = "x,y\n";
  for (int i = 0; i < 100; ++i) text += fmt::format("{},{}\n", i, i % 10 == 0 ? "rare" : "usual");
  const Files files;
  const Dataset dataset = files.csv(text, {.target = "y"});
  EXPECT_TRUE(dataset.are_parts_drawn);
  expect_parts({dataset.train, dataset.test}, upto(100));
  EXPECT_EQ(std::ranges::count_if(dataset.test, [](std::int64_t i) { return i % 10 == 0; }), 2);
  EXPECT_EQ(dataset.test, files.csv(text, {.target = "y"}).test);
  EXPECT_NE(dataset.test, files.csv(text, {.target = "y", .split_seed = 1}).test);
  EXPECT_EQ(files.csv(text, {.target = "y", .test_fraction = 0.35}).test.size(), 35U);
  // The same examples are the same data, however they are divided.
  EXPECT_EQ(dataset.fingerprint, files.csv(text, {.target = "y", .split_seed = 1}).fingerprint);
}

TEST(Parts, AFewExamplesAreDividedToo) {
  const Files files;
  EXPECT_EQ(files.csv("x,y\n1,2\n2,3\n", {.target = "y"}).test.size(), 1U);
  EXPECT_EQ(files.csv("y\n1\n2\n4\n", {.target = "y", .window = 1}).test, std::vector<std::int64_t>{1});
}

TEST(Parts, EmptyOnesAreRefused) {
  const Files files;
  EXPECT_THAT(files.csv_refusal("x,y\n1,2\n", {.target = "y"}),
              AllOf(HasSubstr("in.csv: a test fraction of 0.2 of 1 example leaves none to test on"),
                    HasSubstr("--test-fraction")));
  EXPECT_THAT(files.csv_refusal("x,y\n1,2\n2,3\n", {.target = "y", .test_fraction = 0.9}),
              HasSubstr("of 2 examples leaves none to train on"));
  EXPECT_THAT(files.csv_refusal("x,y\n1,2\n2,3\n", {.target = "y", .test_fraction = 1}),
              HasSubstr("--test-fraction 1: expected a share in [0, 1)"));
  EXPECT_THAT(files.csv_refusal("x,y\n1,2\n2,3\n", {.target = "y", .test_fraction = std::nan("")}),
              HasSubstr("expected a share"));
}

TEST(Folds, ShareAllExamplesAndClassesOut) {
  const Dataset whole = open_dataset("make:classification,rows=103,classes=3");
  std::vector<std::int64_t> tested;
  for (std::int64_t fold = 1; fold <= 5; ++fold) {
    Dataset dataset = whole;
    take_fold(dataset, 5, fold, 7);
    EXPECT_EQ(dataset.train.size() + dataset.test.size(), 103u);
    EXPECT_THAT(dataset.test.size(), testing::AnyOf(20u, 21u));
    std::vector<std::int64_t> counts(3), all(3);
    for (const std::int64_t example : dataset.test)
      ++counts[static_cast<std::size_t>(dataset.examples->label(example))];
    for (std::int64_t example = 0; example < 103; ++example)
      ++all[static_cast<std::size_t>(dataset.examples->label(example))];
    for (std::size_t label = 0; label < 3; ++label)
      EXPECT_NEAR(static_cast<double>(counts[label]), static_cast<double>(all[label]) / 5, 1) << label;
    tested.insert(tested.end(), dataset.test.begin(), dataset.test.end());
    Dataset again = whole;
    take_fold(again, 5, fold, 7);
    EXPECT_EQ(again.test, dataset.test);
    take_fold(again, 5, fold, 8);
    EXPECT_NE(again.test, dataset.test);
  }
  std::ranges::sort(tested);
  for (std::int64_t i = 0; i < 103; ++i) EXPECT_EQ(tested.at(static_cast<std::size_t>(i)), i);
}

TEST(Folds, OfWhatIsInOrderOrTooFewAreRefused) {
  Dataset series = open_dataset("make:sines,rows=200");
  EXPECT_THAT(tests::error_of([&] { take_fold(series, 5, 1, 0); }), testing::HasSubstr("in order"));
  Dataset few = open_dataset("make:line,rows=10");
  EXPECT_THAT(tests::error_of([&] { take_fold(few, 11, 1, 0); }), testing::HasSubstr("10 examples"));
}

}  // namespace
}  // namespace thalweg::lab::test
