// Augmentation: what is drawn, and what becomes of the images, pixel by pixel.
#include "data/augment.h"

#include "dataset_calls.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using tests::error_of;

constexpr float kBlack = -7;

// Pixel (y, x) is the mirrored image's (y − down, x − right), black where that is outside.
std::vector<float> varied(const std::vector<float>& image, const ImageShape& shape, const Variation& variation) {
  std::vector<float> result;
  for (std::int64_t channel = 0; channel < shape.channels; ++channel) {
    for (std::int64_t y = 0; y < shape.height; ++y) {
      for (std::int64_t x = 0; x < shape.width; ++x) {
        const std::int64_t from_y = y - variation.down, from_x = x - variation.right;
        const bool inside = from_y >= 0 && from_y < shape.height && from_x >= 0 && from_x < shape.width;
        const std::int64_t column = variation.is_mirrored ? shape.width - 1 - from_x : from_x;
        const std::int64_t pixel = (channel * shape.height + from_y) * shape.width + column;
        result.push_back(inside ? image[static_cast<std::size_t>(pixel)] : kBlack);
      }
    }
  }
  return result;
}

TEST(Augment, EveryShiftAndMirroringIsWhatItsDefinitionSays) {
  for (const ImageShape& shape : {ImageShape{1, 4, 5}, ImageShape{3, 4, 5}, ImageShape{1, 1, 1}, ImageShape{3, 5, 1}}) {
    std::vector<float> image(static_cast<std::size_t>(shape.size()));
    std::iota(image.begin(), image.end(), 1.0f);
    for (std::int64_t down = -shape.height - 2; down <= shape.height + 2; ++down) {
      for (std::int64_t right = -shape.width - 2; right <= shape.width + 2; ++right) {
        for (const bool is_mirrored : {false, true}) {
          const Variation variation{is_mirrored, down, right};
          std::vector<float> result = image;
          vary(result, shape, variation, kBlack);
          EXPECT_EQ(result, varied(image, shape, variation))
              << shape.channels << ' ' << down << ' ' << right << ' ' << is_mirrored;
        }
      }
    }
  }
}

TEST(Augment, IsReadOrRefused) {
  const auto read = [](const char* text) {
    const Augmentation augmentation = parse_augmentation(text);
    return std::pair(augmentation.flip, augmentation.shift);
  };
  EXPECT_EQ(read("flip"), std::pair(true, std::int64_t{0}));
  EXPECT_EQ(read("shift=2"), std::pair(false, std::int64_t{2}));
  EXPECT_EQ(read("flip,shift=12"), std::pair(true, std::int64_t{12}));
  EXPECT_EQ(read("shift=12,flip"), std::pair(true, std::int64_t{12}));
  for (const char* text : {"", "flips", "flip,", ",flip", "flip,flip", "shift", "shift=", "shift=0", "shift=-1",
                           "shift=2.5", "shift=2 ", "shift=1,shift=2", "shift=10001", "shift=99999999999999999999"}) {
    EXPECT_THAT(error_of([&] { parse_augmentation(text); }),
                AllOf(HasSubstr(std::string("augment = ") + text + ":"), HasSubstr("flip, shift=N")));
  }
}

class AugmentedImages : public ::testing::Test {
 protected:
  AugmentedImages() {
    test::write_learnable_dataset(folder.path(), 20, 4);
    dataset = open_dataset("idx:" + folder.path().string());
    scaling = dataset.examples->measure(dataset.train);
  }
  Augmenter augmenter(const std::string& text, std::uint64_t seed = 1) const { return {text, dataset, scaling, seed}; }
  test::TemporaryFolder folder;
  Dataset dataset;
  Scaling scaling;
};

TEST_F(AugmentedImages, WhatIsDrawnIsDrawnAsOftenAsItShould) {
  constexpr int kExamples = 50'000;
  const Augmenter augmenter = this->augmenter("flip,shift=2");
  // Each of 2 · 5 · 5 variations as often as the others: with expected 1000, six deviations are 190.
  std::map<std::tuple<bool, std::int64_t, std::int64_t>, int> counts;
  for (std::int64_t example = 0; example < kExamples; ++example) {
    const Variation drawn = augmenter.variation(example, 3);
    ++counts[{drawn.is_mirrored, drawn.down, drawn.right}];
  }
  EXPECT_EQ(counts.size(), 50u);
  for (const auto& [variation, count] : counts) {
    const auto& [is_mirrored, down, right] = variation;
    EXPECT_NEAR(count, kExamples / 50, 190) << is_mirrored << ' ' << down << ' ' << right;
    EXPECT_LE(std::abs(down), 2);
    EXPECT_LE(std::abs(right), 2);
  }
}

TEST_F(AugmentedImages, DrawsDependOnSeedEpochAndExampleAlone) {
  const auto drawn = [](const Augmenter& augmenter, std::int64_t example, std::int64_t epoch) {
    const Variation variation = augmenter.variation(example, epoch);
    return std::tuple(variation.is_mirrored, variation.down, variation.right);
  };
  int same_seed = 0, same_epoch = 0, same_example = 0;
  for (std::int64_t example = 0; example < 1000; ++example) {
    const auto variation = drawn(augmenter("flip,shift=4"), example, 1);
    EXPECT_EQ(variation, drawn(augmenter("shift=4,flip"), example, 1));
    same_seed += variation == drawn(augmenter("flip,shift=4", 2), example, 1) ? 1 : 0;
    same_epoch += variation == drawn(augmenter("flip,shift=4"), example, 2) ? 1 : 0;
    same_example += variation == drawn(augmenter("flip,shift=4"), example + 1, 1) ? 1 : 0;
    EXPECT_EQ(std::get<0>(drawn(augmenter("shift=4"), example, 1)), false);
    EXPECT_EQ(std::get<1>(drawn(augmenter("flip"), example, 1)), 0);
    EXPECT_EQ(std::get<2>(drawn(augmenter("flip"), example, 1)), 0);
  }
  // By chance one in 162.
  for (const int same : {same_seed, same_epoch, same_example}) EXPECT_LT(same, 30);
}

TEST_F(AugmentedImages, ABatchIsVariedImageByImageAndWhatComesInIsScaledBlack) {
  const Augmenter augmenter = this->augmenter("flip,shift=3");
  const std::vector<std::int64_t> examples{7, 0, 19, 3};
  test::Loaded batch = test::load(dataset, examples, scaling);
  std::vector<float>& images = batch.real.front();
  std::vector<float> expected;
  const ImageShape shape{1, 12, 12};
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto begin = images.begin() + static_cast<std::ptrdiff_t>(i) * shape.size();
    const auto one = varied({begin, begin + shape.size()}, shape, augmenter.variation(examples[i], 5));
    expected.insert(expected.end(), one.begin(), one.end());
  }
  const auto black = static_cast<float>(-scaling.mean.front() / scaling.deviation.front());
  std::ranges::replace(expected, kBlack, black);
  augmenter.apply(images, examples, 5);
  EXPECT_EQ(images, expected);

  // The same as of a black pixel that is loaded.
  test::write_bytes(folder.path() / "train-images-idx3-ubyte", test::idx_bytes({1, 1, 2}, {0, 200}));
  test::write_bytes(folder.path() / "train-labels-idx1-ubyte", test::idx_bytes({1}, {1}));
  test::write_bytes(folder.path() / "t10k-images-idx3-ubyte", test::idx_bytes({1, 1, 2}, {0, 200}));
  test::write_bytes(folder.path() / "t10k-labels-idx1-ubyte", test::idx_bytes({1}, {1}));
  const Dataset dark = open_dataset("idx:" + folder.path().string());
  EXPECT_EQ(test::load(dark, {dark.train}, scaling).real.front().front(), black);
}

TEST_F(AugmentedImages, RefusesWhatIsNoImageOrWouldBeMovedOutOfSight) {
  EXPECT_THAT(error_of([&] { augmenter("shift=12"); }), AllOf(HasSubstr("--augment shift=12"), HasSubstr("12 × 12")));
  EXPECT_NO_THROW(augmenter("shift=11"));
  const Dataset table = open_dataset("make:line");
  EXPECT_THAT(error_of([&] { Augmenter("flip", table, {}, 1); }),
              AllOf(HasSubstr("--augment flip"), HasSubstr("make:line has no images")));
}

}  // namespace
}  // namespace thalweg::lab
