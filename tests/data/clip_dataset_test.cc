// Tests of folders of WAV files as data sets: words, parts, unknown words, silence, and how clips are varied.
#include "data/clip_dataset.h"

#include "data/augment.h"
#include "data/vary_clip.h"
#include "data/wav_folder.h"

#include "dataset_calls.h"
#include "wav_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using test::Files;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::error_of;
using tests::wav_bytes;

/// A clip whose samples are all `level`.
std::string clip(std::int64_t level, std::size_t samples = 20) {
  return wav_bytes({}, std::vector<std::int64_t>(samples, level));
}

std::vector<float> samples_of(const Dataset& dataset, std::int64_t example) {
  return test::load(dataset, std::span(&example, 1), dataset.examples->measure({})).real.front();
}

std::vector<std::string> names_of(const Dataset& dataset, const std::vector<std::int64_t>& examples) {
  std::vector<std::string> names;
  for (const std::int64_t example : examples) names.push_back(dataset.examples->name(example));
  return names;
}

TEST(WavFolder, HashRuleIsSpeechCommands) {
  EXPECT_NEAR(hash_percent("0a7c2a8d_nohash_0.wav"), 56.8364, 5e-5);
  EXPECT_NEAR(hash_percent("0a7c2a8d_nohash_3.wav"), 56.8364, 5e-5);
  EXPECT_NEAR(hash_percent("bb05582b_nohash_0.wav"), 18.1327, 5e-5);
}

TEST(WavFolder, WithoutListsSpeakersAreDividedByTheHashRule) {
  const Files files;
  files.write("yes/0a7c2a8d_nohash_0.wav", clip(1));
  files.write("yes/bb05582b_nohash_0.wav", clip(2));
  files.write("no/bb05582b_nohash_1.wav", clip(3));
  files.write("no/0a7c2a8d_nohash_1.wav", clip(4));
  const Dataset dataset = open_dataset("wav:" + files.path());
  EXPECT_THAT(names_of(dataset, dataset.train), ElementsAre("no/0a7c2a8d_nohash_1.wav", "yes/0a7c2a8d_nohash_0.wav"));
  EXPECT_THAT(names_of(dataset, dataset.test), ElementsAre("no/bb05582b_nohash_1.wav", "yes/bb05582b_nohash_0.wav"));
  EXPECT_FALSE(dataset.are_parts_drawn);
  EXPECT_THAT(dataset.target.class_names, ElementsAre("no", "yes"));
}

TEST(WavFolder, ListsDivideAndTheirValidationPartIsOfTheTrainingPart) {
  const Files files;
  for (const char* const name : {"a_nohash_0.wav", "b_nohash_0.wav", "c_nohash_0.wav"})
    files.write(std::string("yes/") + name, clip(1));
  files.write("no/a_nohash_0.wav", clip(2));
  files.write("testing_list.txt", "yes/b_nohash_0.wav\r\n");
  files.write("validation_list.txt", "yes/c_nohash_0.wav\n\nyes/gone.wav\n");
  const Dataset dataset = open_dataset("wav:" + files.path());
  EXPECT_THAT(names_of(dataset, dataset.test), ElementsAre("yes/b_nohash_0.wav"));
  EXPECT_THAT(names_of(dataset, dataset.validation), ElementsAre("yes/c_nohash_0.wav"));
  EXPECT_THAT(names_of(dataset, dataset.train),
              ElementsAre("no/a_nohash_0.wav", "yes/a_nohash_0.wav", "yes/c_nohash_0.wav"));
  EXPECT_THAT(dataset.notes.back(), AllOf(HasSubstr("2 clips train, 1 validate, 1 test"),
                                          HasSubstr("0 of them in more"), HasSubstr("1 listed file is not there")));
}

TEST(WavFolder, LinesThatAreNoClipOrStandInBothListsAreRefused) {
  const Files files;
  files.write("yes/a.wav", clip(1));
  const auto refusal = [&] { return error_of([&] { open_dataset("wav:" + files.path()); }); };
  for (const char* const line : {"yes", "/a.wav", "../a.wav", "yes/no/a.wav", "yes/a.mp3"}) {
    files.write("testing_list.txt", std::string("yes/a.wav\n") + line + "\n");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("testing_list.txt: line 2"), HasSubstr(line), HasSubstr("WORD/FILE.wav")));
  }
  files.write("testing_list.txt", "yes/a.wav\n");
  files.write("validation_list.txt", "yes/a.wav\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("testing_list.txt: line 1"), HasSubstr("validation_list.txt")));
}

TEST(WavFolder, PartsWithoutClipsAreRefusedByWhatDividesThem) {
  const Files files;
  const auto refusal = [&](const std::string& folder) {
    return error_of([&] { open_dataset("wav:" + files.path() + "/" + folder); });
  };
  files.write("lists/yes/a.wav", clip(1));
  files.write("lists/testing_list.txt", "no/a.wav\nyes/b.wav\n");
  EXPECT_THAT(refusal("lists"), AllOf(HasSubstr("test on by validation_list.txt and testing_list.txt"),
                                      HasSubstr("2 listed files are not there"), Not(HasSubstr("speaker"))));
  files.write("lists/testing_list.txt", "yes/a.wav\n");
  EXPECT_THAT(refusal("lists"), AllOf(HasSubstr("train on by validation_list.txt"), Not(HasSubstr("not there"))));
  files.write("hash/yes/0a7c2a8d_nohash_0.wav", clip(1));
  EXPECT_THAT(refusal("hash"), AllOf(HasSubstr("test on by Speech Commands' hash of the speaker"), HasSubstr("too few"),
                                     HasSubstr("testing_list.txt")));
  files.write("takes/3_jackson_0.wav", clip(1));
  EXPECT_THAT(refusal("takes"), AllOf(HasSubstr("train on by takes: 0 to 4"), Not(HasSubstr("testing_list.txt"))));
}

TEST(WavFolder, AListMayBeginWithAByteOrderMark) {
  const Files files;
  files.write("yes/a.wav", clip(1));
  files.write("yes/b.wav", clip(2));
  files.write("testing_list.txt", "\xEF\xBB\xBFyes/a.wav\r\n");
  const Dataset dataset = open_dataset("wav:" + files.path());
  EXPECT_THAT(names_of(dataset, dataset.test), ElementsAre("yes/a.wav"));
}

TEST(WavFolder, FreeSpokenDigitsTestTheirFirstFiveTakes) {
  const Files files;
  for (int take = 0; take < 8; ++take) {
    for (const char* const digit : {"0", "7"})
      files.write(fmt::format("{}_jackson_{}.wav", digit, take), clip(take, 8));
  }
  const Dataset dataset = open_dataset("wav:" + files.path());
  EXPECT_THAT(dataset.target.class_names, ElementsAre("0", "7"));
  EXPECT_EQ(dataset.test.size(), 10u);
  EXPECT_THAT(names_of(dataset, dataset.train), ElementsAre("0_jackson_5.wav", "0_jackson_6.wav", "0_jackson_7.wav",
                                                            "7_jackson_5.wav", "7_jackson_6.wav", "7_jackson_7.wav"));
  files.write("stray.wav", clip(1));
  EXPECT_THAT(error_of([&] { open_dataset("wav:" + files.path()); }), AllOf(HasSubstr("stray.wav"), HasSubstr("word")));
}

TEST(WavFolder, WithoutSpeakersPartsAreDrawnOfEachWordAlike) {
  const Files files;
  for (int i = 0; i < 20; ++i) {
    files.write(fmt::format("yes/{}.wav", i), clip(i));
    files.write(fmt::format("no/{}.wav", i), clip(100 + i));
  }
  const Dataset dataset = open_dataset("wav:" + files.path(), {.test_fraction = .25});
  EXPECT_TRUE(dataset.are_parts_drawn);
  std::map<std::int64_t, int> counts;
  for (const std::int64_t example : dataset.test) ++counts[dataset.examples->label(example)];
  EXPECT_EQ(counts, (std::map<std::int64_t, int>{{0, 5}, {1, 5}}));
}

TEST(ClipDataset, ClipsHaveOneLengthAndKeepTheirSamples) {
  const Files files;
  files.write("a/1.wav", wav_bytes({.bits = 8}, {-128, 64, 1}));
  files.write("a/2.wav", clip(16384, 2000));
  files.write("b/3.wav", clip(-32768, 1600));
  files.write("b/4.wav", clip(3, 4));
  const Dataset dataset = open_dataset("wav:" + files.path(), {.clip_seconds = 0.1});
  ASSERT_EQ(dataset.inputs.front().shape, (std::vector<std::int64_t>{1600}));
  EXPECT_EQ(dataset.inputs.front().kind, InputKind::waveform);
  std::vector<float> expected(1600);
  expected[0] = -1;
  expected[1] = .5f;
  expected[2] = 1 / 128.0f;
  EXPECT_EQ(samples_of(dataset, 0), expected);
  EXPECT_EQ(samples_of(dataset, 1), std::vector<float>(1600, .5f));
  EXPECT_EQ(samples_of(dataset, 2), std::vector<float>(1600, -1.0f));
  EXPECT_EQ(dataset.examples->label(1), 0);
  EXPECT_EQ(dataset.examples->label(2), 1);
  EXPECT_THAT(dataset.notes.front(), AllOf(HasSubstr("4 files"), HasSubstr("8 (1 files), 16 (3 files)"),
                                           HasSubstr("1 longer ones are cut off")));
}

/// Ten speakers say four words; the last two test, and the one before validates.
void write_words(const Files& files) {
  std::string test, validation;
  int level = 1;
  for (const char* const word : {"cat", "dog", "no", "yes"}) {
    for (int speaker = 0; speaker < 10; ++speaker) {
      const std::string name = fmt::format("{}/s{}_nohash_0.wav", word, speaker);
      files.write(name, clip(level++));
      if (speaker >= 8) test += name + "\n";
      if (speaker == 7) validation += name + "\n";
    }
  }
  files.write("testing_list.txt", test);
  files.write("validation_list.txt", validation);
}

TEST(ClipDataset, OtherWordsAreUnknownAndAsManyAsAWordHas) {
  const Files files;
  write_words(files);
  const Dataset dataset = open_dataset("wav:" + files.path(), {.words = "yes,no"});
  EXPECT_THAT(dataset.target.class_names, ElementsAre("yes", "no", "unknown"));
  const auto counts_of = [&](const std::vector<std::int64_t>& part) {
    std::vector<int> counts(3);
    for (const std::int64_t example : part) {
      const std::int64_t label = dataset.examples->label(example);
      ++counts[static_cast<std::size_t>(label)];
      const std::string word = dataset.examples->name(example).substr(0, 3);
      EXPECT_EQ(label, word == "yes" ? 0 : word == "no/" ? 1 : 2);
    }
    return counts;
  };
  EXPECT_THAT(counts_of(dataset.train), ElementsAre(8, 8, 8));  // 7 + 1 that validates
  EXPECT_THAT(counts_of(dataset.validation), ElementsAre(1, 1, 1));
  EXPECT_THAT(counts_of(dataset.test), ElementsAre(2, 2, 2));
  EXPECT_THAT(dataset.notes, ::testing::Contains(HasSubstr("10 of 20 clips of 2 other words")));
  const Dataset again = open_dataset("wav:" + files.path(), {.words = "yes,no"});
  EXPECT_EQ(dataset.fingerprint, again.fingerprint);
  const Dataset other = open_dataset("wav:" + files.path(), {.split_seed = 1, .words = "yes,no"});
  EXPECT_NE(dataset.fingerprint, other.fingerprint);
}

TEST(ClipDataset, PartsAndNoiseAreOfWhatTheDataAreKnownBy) {
  const Files files;
  write_words(files);
  const auto opened = [&] { return open_dataset("wav:" + files.path(), {.clip_seconds = 0.1}); };
  std::string noise = clip(500, 200'000);
  files.write("_background_noise_/n.wav", noise);
  const Dataset first = opened();
  EXPECT_EQ(opened().fingerprint, first.fingerprint);
  // As many clips of each word and part as before, but another speaker validates; then none does.
  std::string validation;
  for (const char* const word : {"cat", "dog", "no", "yes"}) validation += fmt::format("{}/s6_nohash_0.wav\n", word);
  files.write("validation_list.txt", validation);
  EXPECT_NE(opened().fingerprint, first.fingerprint);
  std::filesystem::remove(files.path() + "/validation_list.txt");
  EXPECT_NE(opened().fingerprint, first.fingerprint);
  write_words(files);
  EXPECT_EQ(opened().fingerprint, first.fingerprint);
  // A sample of noise that no window of silence has, and augmentation does.
  noise[noise.size() - 300'000] = 1;
  files.write("_background_noise_/n.wav", noise);
  const Dataset other = opened();
  for (const auto part : {&Dataset::train, &Dataset::test}) {
    ASSERT_EQ(other.*part, first.*part);
    for (const std::int64_t example : first.*part) ASSERT_EQ(samples_of(other, example), samples_of(first, example));
  }
  EXPECT_NE(other.fingerprint, first.fingerprint);
}

TEST(ClipDataset, WordsThatAreNotThereAreRefused) {
  const Files files;
  write_words(files);
  const auto refusal = [&](const char* words) {
    return error_of([&] { open_dataset("wav:" + files.path(), {.words = words}); });
  };
  EXPECT_THAT(refusal("yes,noo"), AllOf(HasSubstr("--words noo"), HasSubstr("did you mean"), HasSubstr("no")));
  EXPECT_THAT(refusal("yes,yes"), HasSubstr("twice"));
  EXPECT_THAT(refusal("yes,unknown"), HasSubstr("is added"));
  for (const char* const words : {"yes,,no", ",yes", "yes,", ","}) EXPECT_THAT(refusal(words), HasSubstr("comma"));
}

TEST(ClipDataset, SilenceIsCutOutOfEachPartsOwnShareOfTheNoise) {
  const Files files;
  write_words(files);
  // Each sample says where it is: 1 to 3000 of 3000.
  std::vector<std::int64_t> ramp;
  for (std::int64_t i = 1; i <= 3000; ++i) ramp.push_back(10 * i);
  files.write("_background_noise_/ramp.wav", wav_bytes({}, ramp));
  const Dataset dataset = open_dataset("wav:" + files.path(), {.clip_seconds = 0.1});
  EXPECT_THAT(dataset.target.class_names, ElementsAre("cat", "dog", "no", "yes", "silence"));
  std::map<std::string, int> counts;
  const auto check = [&](const std::string& part, const std::vector<std::int64_t>& examples, double from, double to) {
    for (const std::int64_t example : examples) {
      if (dataset.examples->label(example) != 4) continue;
      if (part == "training" && std::ranges::binary_search(dataset.validation, example)) continue;
      ++counts[part];
      const std::vector<float> samples = samples_of(dataset, example);
      const auto [least, most] = std::ranges::minmax(samples);
      const double begin = std::stod(dataset.examples->name(example).substr(32)) * 16000 + 1;
      EXPECT_GE(begin, from);
      EXPECT_LE(begin, to);
      const double gain = static_cast<double>(samples.front()) * 32768 / (10 * begin);
      // Both the sample and the gain that is found by the first one are rounded.
      const double slack = 0.1 / gain + to * 0.6 / (static_cast<double>(samples.front()) * 32768);
      EXPECT_GE(gain, 0.009);
      EXPECT_LE(gain, 1.001);
      EXPECT_GE(static_cast<double>(least) * 32768 / gain / 10, from - slack) << part;
      EXPECT_LE(static_cast<double>(most) * 32768 / gain / 10, to + slack) << part;
    }
  };
  check("training", dataset.train, 1, 2400);
  check("validation", dataset.validation, 2401, 2700);
  check("test", dataset.test, 2701, 3000);
  EXPECT_EQ(counts, (std::map<std::string, int>{{"training", 7}, {"validation", 1}, {"test", 2}}));
  ASSERT_NE(dataset.noise, nullptr);
  EXPECT_EQ(dataset.noise->size(), 2400u);
}

TEST(ClipDataset, OfATrainedModelLabelsAreItsClassesAndNothingIsLeftOut) {
  const Files files;
  write_words(files);
  const Dataset trained = open_dataset("wav:" + files.path(), {.words = "yes,no"});
  DataOptions options{.schema = trained.schema};
  const Dataset again = open_dataset("wav:" + files.path(), options);
  EXPECT_EQ(again.test.size(), 40u);
  EXPECT_THAT(again.target.class_names, ElementsAre("yes", "no", "unknown"));
  options.needs_target = false;
  EXPECT_EQ(open_dataset("wav:" + files.path() + "/yes/s3_nohash_0.wav", options).test.size(), 1u);
  EXPECT_THAT(names_of(open_dataset("wav:" + files.path() + "/yes", options), {0, 1}),
              ElementsAre("s0_nohash_0.wav", "s1_nohash_0.wav"));
  EXPECT_EQ(open_dataset("wav:" + files.path(), options).test.size(), 40u);
  EXPECT_THAT(error_of([&] { open_dataset("wav:" + files.path() + "/none.wav", options); }), HasSubstr("none.wav"));
  options = {.schema = {{"classes", {"yes", "no"}}, {"samples", 16000}}};
  EXPECT_THAT(error_of([&] { open_dataset("wav:" + files.path(), options); }),
              AllOf(HasSubstr("cat"), HasSubstr("yes")));
}

TEST(ClipDataset, FoldersWithoutWordsOrWithDamagedFilesAreRefused) {
  const Files files;
  const auto refusal = [&] { return error_of([&] { open_dataset("wav:" + files.path()); }); };
  EXPECT_THAT(refusal(), HasSubstr("no folder of a word"));
  files.write("yes/readme.txt", "no sound");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("yes"), HasSubstr("no .wav file")));
  files.write("yes/a.wav", clip(1));
  files.write("no/b.wav", clip(1).substr(0, 50));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("no/b.wav"), HasSubstr("cut off")));
  EXPECT_THAT(error_of([&] { open_dataset("wav:" + files.path() + "/none"); }), HasSubstr("is not a folder"));
}

TEST(VaryClip, IsWhatItsDefinitionSays) {
  const std::vector<float> noise{1, -1, 0.5f};
  const std::vector<float> clip{0.1f, -0.2f, 0.3f, 0.0f, 0.05f};
  for (const std::int64_t later : {-9, -2, 0, 1, 3, 9}) {
    for (const double gain : {-6.0, 0.0, 20.0}) {
      for (const bool is_noisy : {false, true}) {
        ClipVariation variation{.later = later, .noise_ratio = {}, .noise_begin = 2, .gain = gain};
        if (is_noisy) variation.noise_ratio = 3;
        std::vector<double> expected(5);
        double squares = 0, noise_squares = 0;
        for (int i = 0; i < 5; ++i) {
          const std::int64_t from = i - later;
          if (from >= 0 && from < 5) expected[static_cast<std::size_t>(i)] = clip[static_cast<std::size_t>(from)];
          squares += std::pow(expected[static_cast<std::size_t>(i)], 2);
          noise_squares += std::pow(noise[static_cast<std::size_t>(2 + i) % 3], 2);
        }
        for (std::size_t i = 0; i < 5; ++i) {
          // Ratio in dB = 10 log10(power of the clip / power of the noise that is added).
          const double factor = is_noisy ? std::sqrt(squares / noise_squares / std::pow(10, 0.3)) : 0;
          expected[i] = std::clamp((expected[i] + factor * noise[(2 + i) % 3]) * std::pow(10, gain / 20), -1.0, 1.0);
        }
        std::vector<float> result = clip;
        vary_clip(result, variation, noise);
        for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(result[i], expected[i], 1e-6) << later << ' ' << gain;
      }
    }
  }
}

TEST(VaryClip, DrawsDependOnSeedEpochAndExampleAndStayInRange) {
  const Files files;
  write_words(files);
  const Dataset dataset = open_dataset("wav:" + files.path());
  const Scaling scaling = dataset.examples->measure({});
  const Augmenter augmenter("shift=100,noise=5,gain=6", dataset, scaling, 3);
  const Augmenter again("shift=100,noise=5,gain=6", dataset, scaling, 3);
  std::set<std::int64_t> shifts;
  for (std::int64_t example = 0; example < 200; ++example) {
    const ClipVariation variation = augmenter.clip_variation(example, 2);
    EXPECT_LE(std::abs(variation.later), 1600);
    EXPECT_GE(*variation.noise_ratio, 5);
    EXPECT_LE(*variation.noise_ratio, 35);
    EXPECT_LE(std::abs(variation.gain), 6);
    shifts.insert(variation.later);
    EXPECT_EQ(again.clip_variation(example, 2).later, variation.later);
  }
  EXPECT_GT(shifts.size(), 150u);
  EXPECT_NE(augmenter.clip_variation(7, 2).gain, augmenter.clip_variation(7, 3).gain);
  // Whatever else is in the batch.
  const std::vector<std::int64_t> all{0, 1, 2}, last{2};
  std::vector<float> three = test::load(dataset, all, scaling).real.front();
  std::vector<float> one = test::load(dataset, last, scaling).real.front();
  augmenter.apply(three, all, 4);
  augmenter.apply(one, last, 4);
  EXPECT_THAT(std::vector<float>(three.begin() + 32000, three.end()), ElementsAreArray(one));
}

TEST(VaryClip, WhatMeansNothingIsRefused) {
  const Files files;
  write_words(files);
  const Dataset sounds = open_dataset("wav:" + files.path());
  const auto refusal = [&](const char* text, const Dataset& dataset) {
    return error_of([&] { Augmenter(text, dataset, {.mean = {0}, .deviation = {1}}, 1); });
  };
  EXPECT_THAT(refusal("flip", sounds), HasSubstr("not mirrored"));
  EXPECT_THAT(refusal("shift=1000", sounds), HasSubstr("no longer than the shift"));
  EXPECT_THAT(refusal("noise=x", sounds), HasSubstr("noise=DB"));
  EXPECT_THAT(refusal("gain=0", sounds), HasSubstr("gain=DB"));
  EXPECT_THAT(refusal("noise=5,noise=6", sounds), HasSubstr("at most once"));
  EXPECT_THAT(refusal("gain=5", open_dataset("make:spirals")), HasSubstr("no images and no sounds"));
}

}  // namespace
}  // namespace thalweg::lab
