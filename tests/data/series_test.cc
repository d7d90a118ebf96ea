// Tests of series: windows and their targets, and tables read again as a trained model's data were.
#include "dataset_calls.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// Rows of two numbers, a name and a class, and what they are.
struct Series {
  std::string text = "a,name,b,class\n";
  std::vector<double> a, b;
  std::vector<int> classes;

  explicit Series(int rows, int offset = 0) {
    for (int i = offset; i < offset + rows; ++i) {
      a.push_back(i * i % 17);
      b.push_back(0.5 * i);
      classes.push_back(i % 3);
      text += fmt::format("{},n{},{},{}\n", a.back(), i % 2, b.back(), "xyz"[i % 3]);
    }
  }
};

TEST(Series, WindowsHoldRowsInOrderAndTheTargetBehindThem) {
  const Series series(30);
  for (const std::int64_t window : {1, 2, 5}) {
    for (const std::int64_t horizon : {1, 2, 7}) {
      const Dataset dataset =
          Files().csv(series.text, {.target = "a", .columns = {"class=ignore"}, .window = window, .horizon = horizon});
      ASSERT_THAT(dataset.inputs, SizeIs(1));
      EXPECT_EQ(dataset.inputs[0].kind, InputKind::series);
      EXPECT_THAT(dataset.inputs[0].shape, ElementsAre(window, 2));
      EXPECT_THAT(dataset.inputs[0].columns, ElementsAre("a", "b"));
      EXPECT_TRUE(dataset.in_order);
      EXPECT_THAT(dataset.notes, ElementsAre(HasSubstr("column name is left out")));
      const Loaded examples = unscaled(dataset);
      std::vector<float> inputs, targets;
      for (std::size_t first = 0; first < 30; ++first) {
        const std::size_t last = first + static_cast<std::size_t>(window) - 1;
        const std::size_t target = last + static_cast<std::size_t>(horizon);
        if (target >= 30) break;
        for (std::size_t row = first; row <= last; ++row) {
          inputs.push_back(static_cast<float>(series.a[row]));
          inputs.push_back(static_cast<float>(series.b[row]));
        }
        targets.push_back(static_cast<float>(series.a[target]));
      }
      EXPECT_EQ(examples.real[0], inputs) << window << ' ' << horizon;
      EXPECT_EQ(examples.numbers, targets) << window << ' ' << horizon;
      const auto count = std::ssize(targets);
      const std::int64_t tests = std::llround(0.1 * static_cast<double>(count));
      EXPECT_EQ(std::ssize(dataset.test), tests);
      EXPECT_EQ(dataset.test.front(), count - tests);  // the last ones
      EXPECT_EQ(dataset.train.back(), count - tests - 1);
    }
  }
}

TEST(Series, AFeatureHasOneScaleAtAllSteps) {
  const Series series(40);
  const Dataset dataset =
      Files().csv(series.text, {.target = "a", .columns = {"class=ignore"}, .window = 4, .test_fraction = 0.25});
  EXPECT_THAT(dataset.test, SizeIs(9));
  std::vector<double> a, b;
  for (const std::int64_t first : dataset.train) {
    for (std::int64_t row = first; row < first + 4; ++row) {
      a.push_back(series.a[static_cast<std::size_t>(row)]);
      b.push_back(series.b[static_cast<std::size_t>(row)]);
    }
  }
  const Scaling scaling = dataset.examples->measure(dataset.train);
  EXPECT_THAT(scaling.mean, ElementsAre(testing::DoubleNear(moments_of(a).mean, 1e-9),
                                        testing::DoubleNear(moments_of(b).mean, 1e-9)));
  EXPECT_THAT(scaling.deviation, ElementsAre(testing::DoubleNear(moments_of(a).deviation, 1e-9),
                                             testing::DoubleNear(moments_of(b).deviation, 1e-9)));
}

TEST(Series, ClassesAreNoInput) {
  const Series series(30);
  const Dataset dataset = Files().csv(series.text, {.target = "class", .window = 3, .horizon = 2});
  EXPECT_THAT(dataset.inputs[0].columns, ElementsAre("a", "b"));
  EXPECT_EQ(dataset.target.kind, TargetKind::label);
  const Loaded examples = loaded(dataset);
  ASSERT_THAT(examples.labels, SizeIs(26));
  for (std::size_t i = 0; i < 26; ++i) EXPECT_EQ(examples.labels[i], series.classes[i + 4]);
}

TEST(Series, ATestFileHasWindowsOfItsOwn) {
  const Files files;
  const Series series(10), test(7, 100);
  const Dataset dataset = files.csv(series.text, {.target = "a",
                                                  .columns = {"class=ignore"},
                                                  .window = 3,
                                                  .horizon = 2,
                                                  .test_data = "csv:" + files.write("test.csv", test.text)});
  ASSERT_THAT(dataset.train, SizeIs(6));
  ASSERT_THAT(dataset.test, SizeIs(3));
  EXPECT_EQ(dataset.test.front(), 6);
  const Loaded examples = unscaled(dataset);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(examples.numbers[6 + i], test.a[i + 4]);
    for (std::size_t step = 0; step < 3; ++step)
      EXPECT_EQ(examples.real[0][(6 + i) * 6 + 2 * step + 1], test.b[i + step]);
  }
  EXPECT_THAT(error_of([&] {
                files.csv(series.text, {.target = "a",
                                        .columns = {"class=ignore"},
                                        .window = 3,
                                        .horizon = 2,
                                        .test_data = "csv:" + files.write("short.csv", Series(4).text)});
              }),
              HasSubstr("short.csv: 4 rows are too few for --window 3 and --horizon 2: they take 5"));
}

TEST(Series, WindowsThatCannotBeAreRefused) {
  const Files files;
  const Series series(6);
  EXPECT_THAT(files.csv_refusal(series.text, {.target = "a", .window = 5, .horizon = 2}),
              HasSubstr("in.csv: 6 rows are too few for --window 5 and --horizon 2: they take 7"));
  EXPECT_THAT(files.csv_refusal(series.text, {.target = "a", .horizon = 2}),
              HasSubstr("--horizon: means nothing without --window"));
  EXPECT_THAT(files.csv_refusal(series.text, {.target = "a", .window = -1}), HasSubstr("--window -1"));
  EXPECT_THAT(files.csv_refusal(series.text, {.target = "a", .window = 2, .horizon = 0}), HasSubstr("--horizon 0"));
  EXPECT_THAT(files.csv_refusal("name,y\nn,a\nm,b\nn,a\n", {.target = "y", .window = 1}),
              HasSubstr("no column of numbers beside the target y"));
  EXPECT_THAT(files.csv_refusal("a\n1\n2\n\n?\n5\n", {.target = "a", .window = 1}),
              HasSubstr("in.csv:5: the target a"));
  // Large enough to overflow, were they added.
  EXPECT_THAT(files.csv_refusal(series.text, {.target = "a", .window = INT64_MAX, .horizon = INT64_MAX}),
              HasSubstr("expected 1 to 1000000000"));
  EXPECT_THAT(files.csv_refusal(series.text, {.target = "a", .window = 1'000'000'000, .horizon = 1'000'000'000}),
              HasSubstr("they take 2000000000"));
}

TEST(Series, GapsAreTheMean) {
  const Dataset dataset = Files().csv("a,b\n1,1\n2,\n3,5\n4,3\n5,3\n6,3\n", {.target = "a", .window = 2});
  EXPECT_THAT(dataset.inputs[0].shape, ElementsAre(2, 2));
  const Loaded examples = loaded(dataset);
  EXPECT_EQ(examples.real[0][3], 0);  // row 2 as the second step of window 0 …
  EXPECT_EQ(examples.real[0][5], 0);  // … and the first of window 1
}

TEST(TablesAgain, AnotherFileIsReadAsTheFirstWas) {
  const Files files;
  const std::string first = "n,gap,c,y\n1,2,red,a\n2,,green,b\n3,4,,a\n4,5,red,c\n5,6,green,b\n";
  const Dataset trained = files.csv(first, {.target = "y"});
  const Scaling scaling = trained.examples->measure(trained.train);
  // Columns in another order, one more, no target; categories in another order, and an unseen one.
  const std::string other = files.write("other.csv", "extra,c,gap,n\nq,green,,10\nr,blue,7,2\ns,red,1,1\nt,,2,2\n");
  const DataOptions options{.schema = trained.schema, .needs_target = false};
  const Dataset again = open_dataset("csv:" + other, options);
  EXPECT_EQ(again.schema, trained.schema);
  EXPECT_EQ(again.target.class_names, trained.target.class_names);
  ASSERT_THAT(again.inputs, SizeIs(2));
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again.inputs[i].shape, trained.inputs[i].shape);
    EXPECT_EQ(again.inputs[i].sizes, trained.inputs[i].sizes);
    EXPECT_EQ(again.inputs[i].columns, trained.inputs[i].columns);
  }
  EXPECT_THAT(again.train, SizeIs(0));
  EXPECT_THAT(again.test, ElementsAre(0, 1, 2, 3));
  const Loaded here = load(again, again.test, scaling);
  // The rows of the first file that are the same, which are 1 of them with n = 10 in place of 2.
  const Loaded there = load(trained, all_of(trained), scaling);
  EXPECT_NEAR(here.real[0][0], (10 - scaling.mean[0]) / scaling.deviation[0], 1e-5);
  EXPECT_EQ(here.real[0][1], 0);
  EXPECT_EQ(here.real[0][2], there.real[0][5]);  // "gap is missing" of row 1
  EXPECT_EQ(here.real[0][3], there.real[0][3]);  // n = 2
  const auto known = [&](std::int64_t code) {    // as the training part knows it
    return std::ranges::binary_search(scaling.known[0], code) ? code : 0;
  };
  EXPECT_THAT(here.codes[1], ElementsAre(known(1), 0, known(2), known(3)));
}

TEST(TablesAgain, TargetsAreReadIfTheyAreThere) {
  const Files files;
  const auto again = [&](const Dataset& trained, const std::string& text, bool needs_target) {
    return open_dataset("csv:" + files.write("again.csv", text),
                        {.schema = trained.schema, .needs_target = needs_target});
  };
  const Dataset numbers = files.csv("x,y\n1,1.5\n2,3\n3,4\n", {.target = "y"});
  EXPECT_THAT(unscaled(again(numbers, "y,x\n7,1\n8,2\n", true)).numbers, ElementsAre(7, 8));
  EXPECT_THAT(unscaled(again(numbers, "y,x\n7,1\n,2\n", false)).numbers, ElementsAre(7, 0));
  EXPECT_THAT(unscaled(again(numbers, "x\n7\n1\n", false)).numbers, ElementsAre(0, 0));
  EXPECT_THAT(error_of([&] { again(numbers, "y,x\n7,1\n,2\n", true); }), HasSubstr("again.csv:3: the target y"));
  EXPECT_THAT(error_of([&] { again(numbers, "x\n7\n", true); }), HasSubstr("no column 'y', which must be there"));
  EXPECT_THAT(error_of([&] { again(numbers, "y,z\n7,1\n", true); }), HasSubstr("no column 'x', which must be there"));
  // One of the trained columns has words now.
  EXPECT_THAT(error_of([&] { again(numbers, "y,x\n7,red\n", true); }), HasSubstr("again.csv:2"));

  for (const std::vector<std::string>& columns : {std::vector<std::string>{}, {"y=numeric"}}) {
    const Dataset positive = files.csv("x,y\n1,1\n2,2\n3,1\n", {.target = "y", .positive = "1", .columns = columns});
    EXPECT_THAT(loaded(again(positive, "x,y\n1,2\n2,1\n", true)).labels, ElementsAre(0, 1));
    EXPECT_THAT(error_of([&] { again(positive, "x,y\n1,3\n", true); }), HasSubstr("the class '3' of y is not among"));
  }
  const Dataset rest = files.csv("x,y\n1,a\n2,b\n3,c\n", {.target = "y", .positive = "c"});
  EXPECT_THAT(loaded(again(rest, "x,y\n1,c\n2,zebra\n", true)).labels, ElementsAre(1, 0));
}

TEST(TablesAgain, OfASeriesTheLastWindowsHaveNoTargetYet) {
  const Files files;
  const Series series(20);
  const Dataset trained =
      files.csv(series.text, {.target = "a", .columns = {"class=ignore"}, .window = 3, .horizon = 2});
  DataOptions options{.window = 3, .horizon = 2, .schema = trained.schema};
  const std::string five = files.write("five.csv", Series(5).text), three = files.write("three.csv", Series(3).text);
  EXPECT_THAT(open_dataset("csv:" + five, options).test, SizeIs(1));
  EXPECT_THAT(error_of([&] { open_dataset("csv:" + three, options); }), HasSubstr("they take 5"));
  options.needs_target = false;
  const Dataset again = open_dataset("csv:" + five, options);
  EXPECT_THAT(again.test, SizeIs(3));
  EXPECT_THAT(unscaled(again).numbers, ElementsAre(16, 0, 0));
  EXPECT_EQ(unscaled(again).real[0][2 * 6 + 4], 16);  // the last step of the last window: row 4
  EXPECT_THAT(open_dataset("csv:" + three, options).test, SizeIs(1));
  const std::string two = files.write("two.csv", Series(2).text);
  EXPECT_THAT(error_of([&] { open_dataset("csv:" + two, options); }), HasSubstr("too few for --window 3: they take 3"));
}

TEST(Fingerprints, AreOfTheContents) {
  const Files one, other;
  const DataOptions options{.target = "y"};
  const std::string text = "x,c,y\n1,a,2\n2,b,3\n3,a,4\n";
  const std::string fingerprint = one.csv(text, options).fingerprint;
  EXPECT_EQ(other.csv(text, options).fingerprint, fingerprint);
  EXPECT_EQ(other.csv("x;c;y\r\n1;a;2\r\n 2;\"b\";3\r\n3.0;a;4", options).fingerprint, fingerprint);
  for (const char* const changed :
       {"x,c,y\n1,a,2\n2,b,3\n3,a,5\n", "x,c,y\n1,a,2\n2,a,3\n3,a,4\n", "x,c,y\n1,a,2\n2,b,3\n4,a,4\n",
        "x,c,y\n1,a,2\n3,a,4\n2,b,3\n", "x,c,y\n1,a,2\n2,b,3\n3,a,4\n3,a,4\n", "x,c,y\n1,a,2\n2,z,3\n3,a,4\n",
        "z,c,y\n1,a,2\n2,b,3\n3,a,4\n", "x,c,y\n1,a,2\n2,b,3\n,a,4\n"}) {
    EXPECT_NE(other.csv(changed, options).fingerprint, fingerprint) << changed;
  }
  EXPECT_NE(other.csv(text, {.target = "x"}).fingerprint, fingerprint);
  EXPECT_NE(other.csv(text, {.target = "y", .columns = {"c=ignore"}}).fingerprint, fingerprint);
  // Where the test part begins counts too.
  const std::string head = "x,c,y\n1,a,2\n2,b,3\n", row = "x,c,y\n3,a,4\n";
  const std::string test = "csv:" + other.write("test.csv", row);
  EXPECT_NE(other.csv(head, {.target = "y", .test_data = test}).fingerprint, fingerprint);
}

}  // namespace
}  // namespace thalweg::lab::test
