// Tests of texts as data sets: alphabet, windows, and targets that are the next characters.
#include "data/character_dataset.h"

#include "dataset_calls.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// 1000 characters, of which the last 100 have some that the others lack.
std::u32string sample() {
  std::u32string text;
  while (text.size() < 900) text += U"the cat, ä and 猫 \U0001F408\n"[text.size() * 7 % 19];
  while (text.size() < 1000) text += U"the dog!"[text.size() % 8];
  return text;
}

Dataset dataset_of(const std::u32string& text, const DataOptions& options = {}) {
  return character_dataset(text, "in.txt", options);
}

TEST(Characters, TheAlphabetIsTheTrainingPartsByFrequency) {
  const std::u32string text = sample();
  const Dataset dataset = dataset_of(text);
  std::map<char32_t, int> counts;
  for (const char32_t character : text.substr(0, 900)) ++counts[character];
  const std::vector<std::string>& names = dataset.target.class_names;
  ASSERT_EQ(names.size(), counts.size() + 1);
  EXPECT_EQ(names[0], "�");
  std::map<std::string, std::pair<int, char32_t>> by_name;
  for (const auto& [character, count] : counts) by_name[utf8_of(character)] = {-count, character};
  for (std::size_t i = 2; i < names.size(); ++i) EXPECT_LT(by_name.at(names[i - 1]), by_name.at(names[i]));
  EXPECT_EQ(dataset.target.classes, std::ssize(names));
  EXPECT_THAT(dataset.inputs[0].sizes, ElementsAre(std::ssize(names)));
  EXPECT_EQ(dataset.inputs[0].kind, InputKind::characters);
  EXPECT_EQ(dataset.target.kind, TargetKind::characters);
}

TEST(Characters, Utf8) {
  EXPECT_EQ(utf8_of(U'a'), "a");
  EXPECT_EQ(utf8_of(U'ä'), "\xC3\xA4");
  EXPECT_EQ(utf8_of(U'猫'), "\xE7\x8C\xAB");
  EXPECT_EQ(utf8_of(U'\U0001F408'), "\xF0\x9F\x90\x88");
}

TEST(Characters, WindowsFollowEachOtherAndTargetsAreTheNextCharacters) {
  const std::u32string text = sample();
  for (const std::int64_t window : {1, 7, 10, 64, 99}) {
    const Dataset dataset = dataset_of(text, {.window = window});
    EXPECT_EQ(dataset.target.length, window);
    EXPECT_TRUE(dataset.in_order);
    const Loaded examples = loaded(dataset);
    std::vector<std::string> inputs, targets;
    std::size_t training = 0;
    const auto add = [&](std::size_t first, std::size_t last) {
      const auto size = static_cast<std::size_t>(window);
      for (std::size_t begin = first; begin + size < last; begin += size) {
        for (std::size_t i = begin; i < begin + size; ++i) {
          inputs.push_back(utf8_of(text[i]));
          targets.push_back(utf8_of(text[i + 1]));
        }
        if (last == 900) ++training;
      }
    };
    add(0, 900);
    add(900, 1000);
    EXPECT_EQ(dataset.train.size(), training);
    ASSERT_EQ(examples.codes[0].size(), inputs.size());
    ASSERT_EQ(examples.labels.size(), targets.size());
    const std::vector<std::string>& names = dataset.target.class_names;
    const auto code = [&](const std::string& name) {
      const auto found = std::ranges::find(names, name);
      return found == names.end() ? 0 : found - names.begin();
    };
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      ASSERT_EQ(examples.codes[0][i], code(inputs[i])) << window << ' ' << i;
      ASSERT_EQ(examples.labels[i], code(targets[i])) << window << ' ' << i;
    }
    EXPECT_THAT(std::vector(examples.codes[0].end() - 90, examples.codes[0].end()), Contains(0));  // of "dog!"
  }
}

TEST(Characters, AnotherTextIsReadByTheSameAlphabet) {
  const Dataset trained = dataset_of(sample(), {.window = 5});
  const Dataset again = dataset_of(U"cats, 猫 and dogs!", {.schema = trained.schema});
  EXPECT_EQ(again.target.class_names, trained.target.class_names);
  EXPECT_EQ(again.schema, trained.schema);
  EXPECT_THAT(again.train, IsEmpty());
  EXPECT_THAT(again.test, SizeIs(3));  // the last character has none behind it
  std::string text;
  const Loaded examples = loaded(again);
  for (const std::int64_t code : examples.codes[0]) text += trained.target.class_names[static_cast<std::size_t>(code)];
  EXPECT_EQ(text, "cat�, 猫 and d��");
  EXPECT_THAT(error_of([&] { dataset_of(U"cats", {.schema = trained.schema}); }),
              HasSubstr("4 characters are too few"));
}

TEST(Characters, TooShortTextsAreRefused) {
  const std::u32string text(100, U'a');
  EXPECT_THAT(error_of([&] { dataset_of(text); }), AllOf(HasSubstr("in.txt: 100 characters are too few"),
                                                         HasSubstr("a window of 64; --window makes it shorter")));
  EXPECT_THAT(error_of([&] { dataset_of(text, {.window = 10}); }), HasSubstr("too few"));  // the tenth is 10 long
  EXPECT_THAT(dataset_of(text, {.window = 9}).test, SizeIs(1));
  EXPECT_THAT(dataset_of(text, {.window = 30, .test_fraction = 0.35}).train, SizeIs(2));
  EXPECT_THAT(error_of([&] { dataset_of(text, {.window = 20, .test_fraction = 0.99}); }), HasSubstr("too few"));
  EXPECT_THAT(error_of([&] { dataset_of(text, {.window = 1'000'000'000}); }), HasSubstr("too few"));
}

TEST(Characters, OfVeryManyTheMostFrequentAreToldApart) {
  std::u32string text;
  for (char32_t character = 0x4E00; character < 0x4E00 + 5000; ++character) text += character;
  text += text.substr(1000);
  text.append(1500, U'x');
  const Dataset dataset = dataset_of(text);
  EXPECT_EQ(dataset.target.classes, kMostClasses);
  EXPECT_THAT(dataset.notes, ElementsAre("of 5001 different characters the 4095 most frequent are told apart"));
  EXPECT_THAT(dataset.target.class_names, Contains(utf8_of(0x4E00 + 4999)));
  EXPECT_THAT(loaded(dataset).codes[0], AllOf(Contains(0), Contains(Gt(4000)), testing::Each(testing::Lt(4096))));
}

TEST(Characters, OfAFile) {
  const Files files;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "abc\r\n"[i % 5];
  const std::string file = files.write("in.txt", text), copy = files.write("copy.txt", text);
  const Dataset dataset = open_dataset("text:" + file, {.window = 8});
  EXPECT_EQ(dataset.origin, file);
  EXPECT_THAT(dataset.files, ElementsAre(file));
  EXPECT_THAT(dataset.target.class_names, SizeIs(5));  // a, b, c, line feed and what is unknown
  EXPECT_EQ(open_dataset("text:" + copy).fingerprint, dataset.fingerprint);
  text[500] = 'd';
  EXPECT_NE(open_dataset("text:" + files.write("copy.txt", text)).fingerprint, dataset.fingerprint);
  EXPECT_THAT(error_of([&] { open_dataset("text:" + file, {.target = "x"}); }),
              HasSubstr("--target: means nothing for data of the format text; it takes --window, --test-fraction"));
  EXPECT_THAT(error_of([&] { open_dataset("text:" + file, {.horizon = 2}); }), HasSubstr("--horizon: means nothing"));
  EXPECT_THAT(error_of([&] { open_dataset("text:" + files.path() + "/none"); }), HasSubstr("none"));
  EXPECT_THAT(error_of([&] { open_dataset("text:" + files.path()); }), HasSubstr(files.path()));
}

}  // namespace
}  // namespace thalweg::lab::test
