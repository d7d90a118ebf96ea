// Tests of examples as people see them: pictures and values in words.
#include "data/example_view.h"

#include "data/image.h"
#include "dataset_calls.h"

#include <thalweg/random.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

namespace thalweg::lab::test {
namespace {

TEST(ExampleView, PngHasThePixels) {
  const Random random(3, RandomPurpose::test, "png");
  for (const ImageSize size : {ImageSize{1, 1, 1}, ImageSize{1, 7, 5}, ImageSize{3, 4, 9}, ImageSize{3, 32, 32}}) {
    std::vector<std::uint8_t> pixels(size.bytes());
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(random.below(256, i));
    const std::vector<std::uint8_t> file = encode_png(size, pixels);
    EXPECT_EQ(image_size("made.png", file), size);
    std::vector<std::uint8_t> back(pixels.size());
    decode_image("made.png", file, back);
    EXPECT_EQ(back, pixels);
  }
}

TEST(ExampleView, PicturesAreWhatTheFilesHold) {
  const Dataset dataset = open_dataset("make:spirals");
  EXPECT_TRUE(picture_of(dataset, dataset.examples->measure(dataset.train), 0).empty());
  const TemporaryFolder folder;
  write_learnable_dataset(folder.path(), 12, 5);
  const Dataset images = open_dataset("idx:" + folder.path().string());
  const Scaling scaling = images.examples->measure(images.train);
  const auto size = static_cast<std::size_t>(images.inputs[0].size());
  for (const std::int64_t example : {images.train.front(), images.test.back()}) {
    const std::vector<std::uint8_t> file = picture_of(images, scaling, example);
    std::vector<std::uint8_t> back(size);
    decode_image("picture.png", file, back);
    const Loaded loaded = load(images, std::vector{example}, {.mean = {0}, .deviation = {1}});
    for (std::size_t i = 0; i < size; ++i) EXPECT_NEAR(back[i], loaded.real[0][i] * 255, 1e-3) << i;
  }
  EXPECT_TRUE(picture_of(images, scaling, 0, images.inputs[0].shape[2] - 1).empty()) << "larger than asked for";
}

TEST(ExampleView, RowsAreWords) {
  const Files files;
  std::string text = "age,city,income,y\n";
  for (int i = 0; i < 20; ++i)
    text += std::to_string(30 + i) + "," + (i % 2 == 0 ? "Rome" : "Oslo") + "," +
            (i % 5 == 0 ? "" : std::to_string(1000 * i)) + "," + std::to_string(i) + "\n";
  const Dataset dataset = files.csv(text, {.target = "y"});
  const Scaling scaling = dataset.examples->measure(dataset.train);
  EXPECT_EQ(row_text(dataset, scaling, 3), "city Oslo, age 33, income 3000");
  EXPECT_EQ(row_text(dataset, scaling, 10), "city Rome, age 40, income missing");
  EXPECT_EQ(row_text(dataset, scaling, 3, 2), "city Oslo, age 33, …");
  const Dataset series = files.csv(text, {.target = "y", .columns = {"city=ignore"}, .window = 3});
  EXPECT_EQ(row_text(series, series.examples->measure(series.train), 0), "");
}

}  // namespace
}  // namespace thalweg::lab::test
