// Tests of tables as data sets: what columns become, scaling, categories, targets.
#include "dataset_calls.h"

#include <thalweg/random.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(TableDataset, NumbersAreScaledByTheTrainingPart) {
  const Random random(7, RandomPurpose::test, "numbers");
  std::vector<std::vector<double>> columns(4);
  std::string text = "a,time,same,gaps,y\n";
  for (std::size_t i = 0; i < 200; ++i) {
    columns[0].push_back(100 * random.normal(3 * i));
    columns[1].push_back(1.6e9 + static_cast<double>(random.below(1000, 3 * i + 1)));
    columns[2].push_back(0.1);  // its sum over the rows is not a multiple of it
    columns[3].push_back(i % 7 == 3 ? std::nan("") : random.uniform(3 * i + 2));
    for (const auto& column : columns)
      text += (std::isnan(column.back()) ? std::string() : fmt::format("{}", column.back())) + ',';
    text += fmt::format("{}\n", 5 + 2 * columns[0].back());
  }
  const Files files;
  const Dataset dataset = files.csv(text, {.target = "y"});
  ASSERT_THAT(dataset.inputs, SizeIs(1));
  EXPECT_EQ(dataset.inputs[0].kind, InputKind::numbers);
  EXPECT_THAT(dataset.inputs[0].columns, ElementsAre("a", "time", "same", "gaps", "gaps is missing"));
  EXPECT_EQ(dataset.target.kind, TargetKind::number);
  EXPECT_THAT(dataset.train, SizeIs(160));
  EXPECT_THAT(dataset.test, SizeIs(40));

  const Scaling scaling = dataset.examples->measure(dataset.train);
  std::vector<std::vector<double>> training(4);
  std::vector<double> gaps, targets;
  for (const std::int64_t example : dataset.train) {
    for (std::size_t k = 0; k < 4; ++k) training[k].push_back(columns[k][static_cast<std::size_t>(example)]);
    gaps.push_back(std::isnan(training[3].back()) ? 1 : 0);
    targets.push_back(5 + 2 * training[0].back());
  }
  training.push_back(gaps);
  for (std::size_t k = 0; k < 5; ++k) {
    const auto [mean, deviation] = moments_of(training[k]);
    EXPECT_NEAR(scaling.mean[k], mean, 1e-12 * std::abs(mean) + 1e-12) << k;
    EXPECT_NEAR(scaling.deviation[k], k == 2 ? 1 : deviation, 1e-9 * (1 + deviation)) << k;
  }
  EXPECT_NEAR(scaling.target_mean, moments_of(targets).mean, 1e-9);
  EXPECT_NEAR(scaling.target_deviation, moments_of(targets).deviation, 1e-9);

  const Loaded examples = loaded(dataset);
  for (std::size_t i = 0; i < 200; ++i) {
    for (std::size_t k = 0; k < 4; ++k) {
      const auto [mean, deviation] = moments_of(training[k]);
      const double value = columns[k][i];
      const double expected = std::isnan(value) || k == 2 ? 0 : (value - mean) / deviation;
      EXPECT_NEAR(examples.real[0][5 * i + k], expected, 1e-5) << i << ' ' << k;
    }
    EXPECT_NEAR(examples.numbers[i] * scaling.target_deviation + scaling.target_mean, 5 + 2 * columns[0][i], 1e-3);
  }
}

TEST(TableDataset, AConstantColumnIsZeroWhateverItsValue) {
  for (const char* const value : {"0.1", "-3.3e-5", "1.7e140", "1600000000.123"}) {
    std::string text = "c,x,y\n";
    for (int i = 0; i < 777; ++i) text += fmt::format("{},{},{}\n", value, i, i);
    const Dataset dataset = Files().csv(text, {.target = "y"});
    const Scaling scaling = dataset.examples->measure(dataset.train);
    EXPECT_EQ(scaling.deviation[0], 1) << value;
    const Loaded examples = loaded(dataset);
    for (std::size_t i = 0; i < 777; ++i) EXPECT_EQ(examples.real[0][2 * i], 0) << value;
  }
}

TEST(TableDataset, NumbersThatCannotBeScaledAreRefused) {
  const Files files;
  EXPECT_THAT(files.csv_refusal("x,y\n1,1\n-1e200,2\n", {.target = "y"}),
              AllOf(HasSubstr("in.csv:3: column x: -1e+200 is too large"), HasSubstr("1e+150")));
  EXPECT_THAT(files.csv_refusal("x,y\n1,1e200\n2,2\n", {.target = "y"}), HasSubstr("in.csv:2: column y: 1e+200"));
}

TEST(TableDataset, TestRowsFarOutsideAreTheLargestFloats) {
  const Files files;
  const std::string test = files.write("test.csv", "x,y\n1e149,1\n-1e149,1\n");
  const Dataset dataset = files.csv("x,y\n1,1\n1.0000001,2\n", {.target = "y", .test_data = "csv:" + test});
  const Loaded examples = loaded(dataset);
  for (const float value : examples.real[0]) EXPECT_TRUE(std::isfinite(value));
}

TEST(TableDataset, CategoriesHaveCodesThatTheTrainingPartKnows) {
  const Files files;
  const std::string test = files.write("test.csv", "shape,colour,y\nround,red,1\ncross,,2\nround,blue,3\n,green,4\n");
  const Dataset dataset = files.csv("colour,shape,y\nred,round,1\ngreen,square,2\n?,round,3\nred,square,4\n",
                                    {.target = "y", .test_data = "csv:" + test});
  ASSERT_THAT(dataset.inputs, SizeIs(1));
  EXPECT_EQ(dataset.inputs[0].kind, InputKind::categories);
  EXPECT_THAT(dataset.inputs[0].shape, ElementsAre(2));
  EXPECT_THAT(dataset.inputs[0].columns, ElementsAre("colour", "shape"));
  EXPECT_THAT(dataset.inputs[0].sizes, ElementsAre(4, 3));  // unseen, green, red, missing; unseen, round, square
  EXPECT_THAT(dataset.train, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(dataset.test, ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(loaded(dataset).codes[0], ElementsAre(2, 1, 1, 2, 3, 1, 2, 2,    // training
                                                    2, 1, 3, 0, 0, 1, 1, 0));  // test, whose columns stand otherwise
  EXPECT_THAT(loaded(dataset).numbers, SizeIs(8));
}

TEST(TableDataset, CategoriesOfTheTestPartAloneAreUnknown) {
  std::string text = "id,y\n";
  for (int i = 0; i < 50; ++i) text += fmt::format("n{},{}\n", i, i);
  const Dataset dataset = Files().csv(text, {.target = "y"});
  const Scaling scaling = dataset.examples->measure(dataset.train);
  EXPECT_THAT(load(dataset, dataset.test, scaling).codes[0], Each(0));
  const std::vector<std::int64_t> codes = load(dataset, dataset.train, scaling).codes[0];
  EXPECT_THAT(codes, Each(testing::Gt(0)));
  EXPECT_EQ(std::set<std::int64_t>(codes.begin(), codes.end()).size(), 40U);
}

TEST(TableDataset, TargetsOfTextAreClasses) {
  const Dataset dataset = Files().csv("x,y\n1,b\n2,a\n3,c\n4,b\n5,a\n6,c\n", {.target = "y"});
  EXPECT_EQ(dataset.target.kind, TargetKind::label);
  EXPECT_EQ(dataset.target.name, "y");
  EXPECT_EQ(dataset.target.classes, 3);
  EXPECT_THAT(dataset.target.class_names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(loaded(dataset).labels, ElementsAre(1, 0, 2, 1, 0, 2));
  EXPECT_EQ(dataset.examples->label(2), 2);
}

TEST(TableDataset, NumbersAreClassesIfToldSo) {
  const std::string text = "x,y\n1,10\n2,9\n3,10\n4,9\n5,2\n";
  const Dataset numeric = Files().csv(text, {.target = "y"});
  EXPECT_EQ(numeric.target.kind, TargetKind::number);
  EXPECT_THAT(numeric.notes, ElementsAre(HasSubstr("2, 9, 10 alone; if they are classes: --column y=category")));
  const Dataset classes = Files().csv(text, {.target = "y", .columns = {"y=category"}});
  EXPECT_THAT(classes.target.class_names, ElementsAre("2", "9", "10"));
  EXPECT_THAT(loaded(classes).labels, ElementsAre(2, 1, 2, 1, 0));
  EXPECT_THAT(classes.notes, IsEmpty());
}

TEST(TableDataset, PositiveIsTheSecondOfTwoClasses) {
  const Dataset two = Files().csv("x,y\n1,good\n2,bad\n3,good\n", {.target = "y", .positive = "bad"});
  EXPECT_THAT(two.target.class_names, ElementsAre("good", "bad"));
  EXPECT_THAT(loaded(two).labels, ElementsAre(0, 1, 0));
  const Dataset rest = Files().csv("x,y\n1,a\n2,b\n3,c\n4,b\n", {.target = "y", .positive = "b"});
  EXPECT_THAT(rest.target.class_names, ElementsAre("not b", "b"));
  EXPECT_THAT(loaded(rest).labels, ElementsAre(0, 1, 0, 1));
  for (const std::vector<std::string>& columns : {std::vector<std::string>{}, {"y=numeric"}, {"y=category"}}) {
    const Dataset numbers = Files().csv("x,y\n1,1\n2,2\n3,1\n", {.target = "y", .positive = "1", .columns = columns});
    EXPECT_THAT(numbers.target.class_names, ElementsAre("2", "1"));
    EXPECT_THAT(loaded(numbers).labels, ElementsAre(1, 0, 1));
  }
}

TEST(TableDataset, WrongPositivesAreRefused) {
  const Files files;
  EXPECT_THAT(files.csv_refusal("x,y\n1,good\n2,bad\n", {.target = "y", .positive = "goood"}),
              AllOf(HasSubstr("in.csv: --positive goood: the target y has no such value"), HasSubstr("good")));
  EXPECT_THAT(files.csv_refusal("x,y\n1,good\n2,good\n", {.target = "y", .positive = "good"}),
              HasSubstr("no other value"));
  std::string many = "x,y\n";
  for (int i = 0; i < 1000; ++i) many += fmt::format("{},{}\n", i, i);
  const std::string refusal = files.csv_refusal(many, {.target = "y", .positive = "spam"});
  EXPECT_THAT(refusal, HasSubstr("1000 in all"));
  EXPECT_LT(refusal.size(), 300U);
}

TEST(TableDataset, MissingTargetsAreRefusedWithTheirLine) {
  const Files files;
  EXPECT_THAT(files.csv_refusal("x,y\n1,1\n\n2,NA\n3,\n", {.target = "y"}),
              HasSubstr("in.csv:4: the target y is missing, as in 1 other rows of 3; fill it, or remove such rows"));
  EXPECT_THAT(files.csv_refusal("x,y\n1,a\n2,b\n3,?\n", {.target = "y"}),
              HasSubstr("in.csv:4: the target y is missing; fill it"));
  EXPECT_THAT(files.csv_refusal("x,y\n1,\n2,\n", {.target = "y"}), HasSubstr("the target y is missing in every row"));
  const Dataset dataset = files.csv("x,y\n1,a\n2,b\n3,?\n4,b\n5,b\n", {.target = "y", .needs_target = false});
  EXPECT_THAT(loaded(dataset).labels, ElementsAre(0, 1, 0, 1, 1));
}

TEST(TableDataset, WrongTargetsAreRefused) {
  const Files files;
  const std::string text = "age,x,y\n1,1,a\n2,2,b\n";
  EXPECT_THAT(files.csv_refusal(text, {}), HasSubstr("in.csv: --target says which column is predicted: age, x, y"));
  EXPECT_THAT(files.csv_refusal(text, {.target = "agee"}),
              HasSubstr("--target agee: there is no such column; did you mean age?"));
  EXPECT_THAT(files.csv_refusal(text, {.target = "age", .columns = {"age=ignore"}}),
              HasSubstr("--column age=ignore leaves this column out"));
  EXPECT_THAT(files.csv_refusal("y\n1\n2\n", {.target = "y"}), HasSubstr("no column beside the target y"));
  EXPECT_THAT(files.csv_refusal("x,y\n1,a\n2,a\n", {.target = "y"}), HasSubstr("the target y has 1 class, 'a'"));
  std::string many = "x,y\n";
  for (int i = 0; i < 5000; ++i) many += fmt::format("{},n{}\n", i, i);
  EXPECT_THAT(files.csv_refusal(many, {.target = "y"}), HasSubstr("5000 classes; expected 2 to 4096"));
}

TEST(TableDataset, ColumnsAreReadAsTold) {
  const Files files;
  const std::string text = "id,zip,x,y\n7,1,1,2\n8,2,2,3\n9,1,3,4\n";
  const Dataset dataset = files.csv(text, {.target = "y", .columns = {"id=ignore", "zip=category"}});
  ASSERT_THAT(dataset.inputs, SizeIs(2));
  EXPECT_THAT(dataset.inputs[0].columns, ElementsAre("x"));
  EXPECT_THAT(dataset.inputs[1].columns, ElementsAre("zip"));
  EXPECT_THAT(files.csv_refusal(text, {.target = "y", .columns = {"zipp=category"}}), HasSubstr("zip"));
  EXPECT_THAT(files.csv_refusal(text, {.target = "y", .columns = {"zip=text"}}),
              HasSubstr("--column zip=text: expected NAME=numeric, NAME=category or NAME=ignore"));
  EXPECT_THAT(files.csv_refusal(text, {.target = "y", .columns = {"zip"}}), HasSubstr("--column zip: expected"));
  EXPECT_THAT(files.csv_refusal(text, {.target = "y", .columns = {"zip=ignore", "zip=category"}}),
              HasSubstr("--column zip=category"));
  EXPECT_THAT(files.csv_refusal("x,y\n1,2\nred,3\n", {.target = "y", .columns = {"x=numeric"}}),
              AllOf(HasSubstr("in.csv:3"), HasSubstr("red")));
  const Dataset equals = files.csv("a=b,y\n1,2\n2,3\n3,3\n", {.target = "y", .columns = {"a=b=category"}});
  EXPECT_EQ(equals.inputs[0].kind, InputKind::categories);
}

TEST(TableDataset, ColumnsOfWhichNothingIsThereAreLeftOut) {
  const Files files;
  const std::string test = files.write("test.csv", "x,note,y\n1,late,2\n");
  const Dataset dataset = files.csv("x,note,y\n1,,2.5\n2,NA,3\n", {.target = "y", .test_data = "csv:" + test});
  EXPECT_THAT(dataset.inputs[0].columns, ElementsAre("x"));
  EXPECT_THAT(dataset.notes, ElementsAre("column note is left out: nothing is in it"));
}

TEST(TableDataset, ATableThatWasReadIsNotReadAgain) {
  const Files files;
  for (const auto& [spec, target] :
       {std::pair("csv:" + files.write("a.csv", "x,c,y\n1,a,0\n2,b,1\n3,a,1\n4,b,0\n"), "y"),
        std::pair("libsvm:" + files.write("a.libsvm", "0 1:2\n1 1:3\n0 2:1\n1 1:5\n"), "")}) {
    DataOptions options{.target = target, .test_fraction = 0.5};
    const Dataset read = open_dataset(spec, options);
    const DataSpec parts = parse_data_spec(spec);
    const DataTable table = parts.format->table(parts.argument, options);
    std::filesystem::remove(parts.argument);
    EXPECT_THAT(error_of([&, &spec = spec] { open_dataset(spec, options); }), HasSubstr(parts.argument));
    options.table = &table;
    const Dataset again = open_dataset(spec, options);
    EXPECT_EQ(again.fingerprint, read.fingerprint);
    EXPECT_EQ(again.test, read.test);
    EXPECT_EQ(again.files, read.files);
  }
}

TEST(TableDataset, TestFilesMustFitTheTrainingFile) {
  const Files files;
  const auto refusal = [&](const std::string& training, const std::string& test, DataOptions options = {}) {
    options.target = "y";
    options.test_data = "csv:" + files.write("test.csv", test);
    return files.csv_refusal(training, options);
  };
  EXPECT_THAT(refusal("x,y\n1,a\n2,b\n", "x,y\n1,a\n2,b\n3,new\n"),
              HasSubstr("test.csv:4: the class 'new' of y is not among those of the training data: a, b"));
  EXPECT_THAT(refusal("x,y\n1,a\n2,b\n", "x,y\n1,a\n2,c\n", {.positive = "a"}), HasSubstr("the class 'c'"));
  EXPECT_THAT(refusal("x,y\n1,a\n2,b\n", "y\na\n"), AllOf(HasSubstr("test.csv"), HasSubstr("x")));
  EXPECT_THAT(refusal("x,y\n1,a\n2,b\n", "x\n1\n"), AllOf(HasSubstr("test.csv"), HasSubstr("y")));
  EXPECT_THAT(refusal("x,y\n1,a\n2,b\n", "x,y\nred,a\n"), AllOf(HasSubstr("test.csv:2"), HasSubstr("red")));
  EXPECT_THAT(refusal("x,y\n1,a\n2,b\n", "x,y\n1,\n"), HasSubstr("test.csv:2: the target y is missing"));
  EXPECT_THAT(refusal("x,y\n1,a\n2,b\n", "x,y\n1,a\n", {.test_fraction = 0.5}),
              HasSubstr("--test-fraction: means nothing beside --test-data"));
  EXPECT_THAT(error_of([&] { files.csv("x,y\n1,a\n2,b\n", {.target = "y", .test_data = "libsvm:in.csv"}); }),
              HasSubstr("--test-data libsvm:in.csv: the training data is of the format csv"));
  const std::string rest = files.write("rest.csv", "x,y\n1,c\n2,d\n");
  const Dataset dataset =
      files.csv("x,y\n1,a\n2,b\n3,c\n", {.target = "y", .positive = "c", .test_data = "csv:" + rest});
  EXPECT_THAT(loaded(dataset).labels, ElementsAre(0, 0, 1, 1, 0));
}

}  // namespace
}  // namespace thalweg::lab::test
