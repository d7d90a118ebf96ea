// Tests of formats by name: specifications, options that mean nothing, LIBSVM and folders of images as data sets.
#include "dataset_calls.h"
#include "image_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Formats, AreNamedInFrontOfAColon) {
  EXPECT_EQ(parse_data_spec("csv:a:b.csv").argument, "a:b.csv");
  EXPECT_EQ(parse_data_spec("fashion-mnist").argument, "");
  EXPECT_EQ(data_spec(*parse_data_spec("csv:x").format, "y"), "csv:y");
  std::set<std::string> names;
  for (const Format& format : formats()) {
    EXPECT_TRUE(names.insert(format.name).second) << format.name;
    EXPECT_FALSE(format.meaning.empty());
    EXPECT_EQ(parse_data_spec(data_spec(format, format.argument)).format, &format);
  }
  const auto refusal = [](const std::string& spec) { return error_of([&] { parse_data_spec(spec); }); };
  EXPECT_THAT(refusal("cvs:a.csv"), HasSubstr("unknown data set 'cvs:a.csv'"));
  EXPECT_THAT(refusal("csv"), HasSubstr("csv:FILE"));
  EXPECT_THAT(refusal("csv:"), HasSubstr("data set 'csv:': expected FILE behind the colon"));
  EXPECT_THAT(refusal("fashion-mnist:x"), HasSubstr("fashion-mnist"));
  EXPECT_THAT(refusal(""), HasSubstr("unknown data set ''"));
  const Files files;
  const std::string file = files.write("a.csv", "x,y\n1,2\n");
  EXPECT_THAT(refusal(file), HasSubstr("say of what format " + file + " is, as in csv:" + file));
  EXPECT_THAT(refusal(files.path()), HasSubstr("as in images:" + files.path()));
}

TEST(Formats, OptionsThatMeanNothingAreRefused) {
  const std::vector<std::pair<std::string, DataOptions>> options{
      {"target", {.target = "x"}},           {"positive", {.positive = "x"}},
      {"column", {.columns = {"x=ignore"}}}, {"window", {.window = 3}},
      {"horizon", {.horizon = 3}},           {"test-fraction", {.test_fraction = 0.5}},
      {"test-data", {.test_data = "csv:x"}}, {"words", {.words = "x"}},
      {"clip-seconds", {.clip_seconds = 2}}};
  for (const Format& format : formats()) {
    for (const auto& [name, given] : options) {
      std::string key = name;
      std::ranges::replace(key, '-', '_');
      if (std::ranges::find(format.options, key) != format.options.end()) continue;
      EXPECT_THAT(error_of([&, &given = given] { check_data_options(format, given); }),
                  HasSubstr(fmt::format("--{}: means nothing for data of the format {}; it takes", name, format.name)));
    }
    EXPECT_NO_THROW(check_data_options(format, {.split_seed = 5}));  // it chooses validation parts too
  }
}

TEST(Libsvm, WholeLabelsAreClasses) {
  const Files files;
  const auto open = [&](const std::string& text, const DataOptions& options = {}) {
    return open_dataset("libsvm:" + files.write("in.libsvm", text), options);
  };
  const std::string text = "+1 1:0.5 3:2\n-1 2:1\n1 1:1\n-1 3:4\n+1\n";
  const Dataset classes = open(text);
  EXPECT_THAT(classes.target.class_names, ElementsAre("-1", "1"));
  EXPECT_THAT(classes.inputs[0].columns, ElementsAre("f1", "f2", "f3"));
  EXPECT_THAT(loaded(classes).labels, ElementsAre(1, 0, 1, 0, 1));
  EXPECT_THAT(unscaled(classes).real[0], ElementsAre(0.5, 0, 2, 0, 1, 0, 1, 0, 0, 0, 0, 4, 0, 0, 0));
  const Dataset positive = open(text, {.positive = "-1"});
  EXPECT_THAT(positive.target.class_names, ElementsAre("1", "-1"));
  EXPECT_THAT(loaded(positive).labels, ElementsAre(0, 1, 0, 1, 0));
  const Dataset numbers = open(text, {.columns = {"label=numeric"}});
  EXPECT_EQ(numbers.target.kind, TargetKind::number);
  EXPECT_THAT(unscaled(numbers).numbers, ElementsAre(1, -1, 1, -1, 1));
  EXPECT_EQ(open("1.5 1:1\n2 1:2\n3 1:3\n").target.kind, TargetKind::number);
  EXPECT_EQ(open("1.5 1:1\n2 1:2\n1.5 1:3\n", {.columns = {"label=category"}}).target.classes, 2);
  EXPECT_THAT(error_of([&] { open(text, {.columns = {"f1=ignore"}}); }),
              HasSubstr("--column f1=ignore: expected label=numeric or label=category"));
  EXPECT_THAT(error_of([&] { open("1 1:1\n1 1:2\n"); }), HasSubstr("in.libsvm: the target label has 1 class, '1'"));
}

TEST(Libsvm, TestFilesAreReadAsTheTrainingFile) {
  const Files files;
  const auto open = [&](const std::string& training, const std::string& test) {
    return open_dataset("libsvm:" + files.write("train", training),
                        {.test_data = "libsvm:" + files.write("test", test)});
  };
  // Fewer features and whole labels there.
  const Dataset numbers = open("1.5 1:1 2:3\n2 1:2\n", "3 1:1\n4 1:2\n");
  EXPECT_EQ(numbers.target.kind, TargetKind::number);
  EXPECT_THAT(unscaled(numbers).numbers, ElementsAre(1.5, 2, 3, 4));
  EXPECT_THAT(numbers.test, ElementsAre(2, 3));
  EXPECT_THAT(error_of([&] { open("1 1:1\n2 1:2\n", "1 1:1\n3 1:2\n"); }),
              HasSubstr("test:2: the class '3' of label is not among those of the training data: 1, 2"));
  EXPECT_THAT(error_of([&] { open("1 1:1\n2 1:2\n", "1 2:1\n"); }), AllOf(HasSubstr("test:1"), HasSubstr("2")));

  const Dataset again =
      open_dataset("libsvm:" + files.write("again", "7 1:1\n"), {.schema = numbers.schema, .needs_target = false});
  EXPECT_EQ(again.inputs[0].shape, numbers.inputs[0].shape);
  EXPECT_THAT(unscaled(again).numbers, ElementsAre(7));
}

TEST(Images, PartsAreDrawnOrGiven) {
  const Files files;
  const auto image = [&](const std::string& name, std::uint8_t grey) {
    const std::filesystem::path file = std::filesystem::path(files.path()) / name;
    std::filesystem::create_directories(file.parent_path());
    write_bytes(file, png_bytes(2, 2, Bytes(4, grey)));
  };
  for (int i = 0; i < 10; ++i) {
    image(fmt::format("drawn/cat/{}.png", i), static_cast<std::uint8_t>(i));
    image(fmt::format("drawn/dog/{}.png", i), static_cast<std::uint8_t>(100 + i));
    image(fmt::format("given/{}/cat/{}.png", i < 6 ? "train" : "test", i), static_cast<std::uint8_t>(i));
    image(fmt::format("given/{}/dog/{}.png", i < 7 ? "train" : "test", i), static_cast<std::uint8_t>(100 + i));
  }
  const std::string drawn = "images:" + files.path() + "/drawn", given = "images:" + files.path() + "/given";
  const Dataset one = open_dataset(drawn), other = open_dataset(given);
  EXPECT_THAT(one.train, SizeIs(16));
  EXPECT_THAT(one.test, SizeIs(4));
  EXPECT_EQ(std::ranges::count_if(one.test, [&](std::int64_t i) { return one.examples->label(i) == 0; }), 2);
  EXPECT_EQ(open_dataset(drawn, {.split_seed = 4}).fingerprint, one.fingerprint);
  EXPECT_NE(open_dataset(drawn, {.split_seed = 4}).test, one.test);
  EXPECT_THAT(one.files, SizeIs(20));
  EXPECT_THAT(other.train, SizeIs(13));
  EXPECT_THAT(pixels_of(other, other.test), testing::SizeIs(7 * 4));
  EXPECT_THAT(labels_of(other, other.test), ElementsAre(0, 0, 0, 0, 1, 1, 1));
  EXPECT_THAT(other.target.class_names, ElementsAre("cat", "dog"));
  EXPECT_THAT(error_of([&] { open_dataset(given, {.test_fraction = 0.3}); }),
              HasSubstr("--test-fraction: means nothing for " + files.path() + "/given, which has a test part"));
  EXPECT_THAT(open_dataset(drawn, {.test_fraction = 0.5}).test, SizeIs(10));
  EXPECT_THAT(one.notes, IsEmpty());
}

}  // namespace
}  // namespace thalweg::lab::test
