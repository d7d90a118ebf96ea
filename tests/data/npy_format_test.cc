// Tests of folders of NumPy arrays as data sets: images, rows, series, labels and numbers, drawn and given parts.
#include "dataset_calls.h"
#include "npy_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::SizeIs;

class NpyFolder : public testing::Test {
 protected:
  template <class Number>
  void write(const std::string& name, const std::vector<std::int64_t>& shape,
             const std::vector<Number>& numbers) const {
    write_npy(folder_.path() / (name + ".npy"), shape, numbers);
  }
  Dataset open(const DataOptions& options = {}) const {
    return open_dataset("npy:" + folder_.path().string(), options);
  }
  std::string refusal(const DataOptions& options = {}) const {
    return error_of([&] { open(options); });
  }
  std::filesystem::path path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

std::vector<std::uint8_t> bytes(std::size_t count) {
  std::vector<std::uint8_t> result(count);
  for (std::size_t i = 0; i < count; ++i) result[i] = static_cast<std::uint8_t>(i * 37 % 251);
  return result;
}

TEST_F(NpyFolder, ImagesWithChannelsLastBecomeChannelsFirst) {
  const std::vector<std::uint8_t> train = bytes(4 * 2 * 3 * 3), test = bytes(1 * 2 * 3 * 3);
  write("x_train", {4, 2, 3, 3}, train);
  write<std::int64_t>("y_train", {4}, {0, 1, 2, 1});
  write("x_test", {1, 2, 3, 3}, test);
  write<std::int64_t>("y_test", {1, 1}, {2});
  const Dataset dataset = open();
  EXPECT_EQ(dataset.inputs[0].kind, InputKind::image);
  EXPECT_THAT(dataset.inputs[0].shape, ElementsAre(3, 2, 3));
  EXPECT_EQ(dataset.target.classes, 3);
  EXPECT_FALSE(dataset.are_parts_drawn);
  EXPECT_THAT(dataset.train, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(dataset.test, ElementsAre(4));
  EXPECT_THAT(dataset.files, SizeIs(4));
  std::vector<std::uint8_t> expected;
  for (std::size_t image = 0; image < 4; ++image)
    for (std::size_t channel = 0; channel < 3; ++channel)
      for (std::size_t pixel = 0; pixel < 6; ++pixel) expected.push_back(train[image * 18 + pixel * 3 + channel]);
  EXPECT_EQ(pixels_of(dataset, dataset.train), expected);
  EXPECT_THAT(labels_of(dataset, all_of(dataset)), ElementsAre(0, 1, 2, 1, 2));
  EXPECT_THAT(refusal({.test_fraction = 0.5}), HasSubstr("which has a test part of its own"));
}

TEST_F(NpyFolder, GreyImagesHaveOneChannel) {
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{10, 2, 3}, {10, 2, 3, 1}}) {
    write("x", shape, bytes(60));
    write<std::uint8_t>("y", {10}, {0, 1, 0, 1, 0, 1, 0, 1, 0, 1});
    const Dataset dataset = open();
    EXPECT_THAT(dataset.inputs[0].shape, ElementsAre(1, 2, 3));
    EXPECT_TRUE(dataset.are_parts_drawn);
    EXPECT_THAT(dataset.train, SizeIs(8));
    EXPECT_THAT(dataset.test, SizeIs(2));
    EXPECT_EQ(pixels_of(dataset, all_of(dataset)), bytes(60));
    EXPECT_THAT(open({.test_fraction = 0.4}).test, SizeIs(4));
  }
}

TEST_F(NpyFolder, FloatsAreRowsWithLabelsOrNumbers) {
  std::vector<float> x;
  for (int i = 0; i < 30; ++i) x.push_back(0.5f * static_cast<float>(i));
  write("x", {10, 3}, x);
  write<std::int32_t>("y", {10}, {0, 1, 0, 1, 0, 1, 0, 1, 0, 5});
  const Dataset labels = open();
  EXPECT_EQ(labels.inputs[0].kind, InputKind::numbers);
  EXPECT_THAT(labels.inputs[0].shape, ElementsAre(3));
  EXPECT_EQ(labels.target.kind, TargetKind::label);
  EXPECT_EQ(labels.target.classes, 6);
  EXPECT_THAT(unscaled(labels).real[0], ElementsAreArray(x));
  EXPECT_THAT(loaded(labels).labels, ElementsAre(0, 1, 0, 1, 0, 1, 0, 1, 0, 5));
  write<double>("y", {10}, {0, 1, 0, 1, 0, 1, 0, 1, 0, 5.5});
  const Dataset numbers = open();
  EXPECT_EQ(numbers.target.kind, TargetKind::number);
  EXPECT_THAT(unscaled(numbers).numbers, ElementsAre(0, 1, 0, 1, 0, 1, 0, 1, 0, 5.5f));
  write<std::int64_t>("x", {10, 3}, std::vector<std::int64_t>(30, 7));
  EXPECT_EQ(open().inputs[0].kind, InputKind::numbers);
  EXPECT_NE(open().fingerprint, numbers.fingerprint);
}

TEST_F(NpyFolder, ThreeDimensionsAreSeriesWhoseFeaturesHaveOneScale) {
  std::vector<double> x, first, second;
  for (int i = 0; i < 6 * 4; ++i) {
    first.push_back(i * i);
    second.push_back(1e6 - i);
    x.push_back(first.back());
    x.push_back(second.back());
  }
  write("x_train", {6, 4, 2}, x);
  write<double>("y_train", {6}, {1, 2, 3, 4, 5, 6});
  write("x_test", {1, 4, 2}, std::vector<double>(8, 2));
  write<double>("y_test", {1}, {2});
  const Dataset dataset = open();
  EXPECT_EQ(dataset.inputs[0].kind, InputKind::series);
  EXPECT_THAT(dataset.inputs[0].shape, ElementsAre(4, 2));
  const Scaling scaling = dataset.examples->measure(dataset.train);
  EXPECT_THAT(scaling.mean, ElementsAre(testing::DoubleNear(moments_of(first).mean, 1e-9),
                                        testing::DoubleNear(moments_of(second).mean, 1e-6)));
  EXPECT_THAT(scaling.deviation, ElementsAre(testing::DoubleNear(moments_of(first).deviation, 1e-9),
                                             testing::DoubleNear(moments_of(second).deviation, 1e-6)));
  // The same bytes in another shape are other data.
  write("x_train", {6, 2, 4}, x);
  write("x_test", {1, 2, 4}, std::vector<double>(8, 2));
  EXPECT_NE(open().fingerprint, dataset.fingerprint);
}

TEST_F(NpyFolder, WhatDoesNotFitIsRefused) {
  const std::vector<double> x{1, 2, 3, 4, 5, 6};
  EXPECT_THAT(error_of([&] { open_dataset("npy:" + (path() / "none").string()); }),
              HasSubstr("is not a folder; expected one with x_train.npy"));
  EXPECT_THAT(refusal(),
              HasSubstr("there is no x_train.npy; expected x_train, y_train, x_test and y_test, or x and y"));
  write("x", {3, 2}, x);
  EXPECT_THAT(refusal(), HasSubstr("there is no y.npy"));
  write<double>("y", {2}, {1, 2});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("y.npy: shape (2): expected (3,), a target for each of"), HasSubstr("x.npy")));
  write<double>("y", {3, 2}, x);
  EXPECT_THAT(refusal(), HasSubstr("y.npy: shape (3, 2)"));
  write<double>("y", {}, {1});
  EXPECT_THAT(refusal(), HasSubstr("y.npy: shape ()"));
  write<double>("y", {3}, {1, std::nan(""), 2});
  EXPECT_THAT(refusal(), HasSubstr("y.npy"));
  write<double>("y", {3}, {1, 1e200, 2});
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("y.npy: element [1] (float64) is 1e+200; expected finite numbers within ±1e+150")));
  write<std::int64_t>("y", {3}, {1, -1, 2});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("y.npy"), HasSubstr("-1")));
  write<std::int64_t>("y", {3}, {0, 0, 0});
  EXPECT_THAT(refusal(), HasSubstr("y.npy: all labels are 0; expected those of at least 2 classes"));
  write<std::int64_t>("y", {3}, {1, 5000, 2});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("y.npy"), HasSubstr("5000")));
  write<std::int64_t>("y", {3}, {1, 0, 1});
  EXPECT_THAT(refusal({.target = "y"}), HasSubstr("--target: means nothing for data of the format npy"));
  write("x", {6}, x);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("x.npy: shape (6): expected (rows, columns)")));
  write<double>("x", {0, 2}, {});
  EXPECT_THAT(refusal(), HasSubstr("x.npy: shape (0, 2)"));
  write<double>("x", {3, 2}, {1, 2, 3, 4, std::numeric_limits<double>::infinity(), 6});
  EXPECT_THAT(refusal(), HasSubstr("x.npy"));
  write<float>("x", {3, 1, 1, 3}, std::vector<float>(9));
  EXPECT_THAT(refusal(), HasSubstr("four dimensions are images, and those are uint8 with 1 or 3 channels last; this is "
                                   "float32 with 3"));
  write("x", {3, 1, 1, 4}, bytes(12));
  EXPECT_THAT(refusal(), HasSubstr("this is uint8 with 4"));
  write<std::int64_t>("y", {3}, {1, 0, 256});
  write("x", {3, 2, 2}, bytes(12));
  EXPECT_THAT(refusal(), HasSubstr("256"));
  write("x_train", {3, 2, 2}, bytes(12));
  EXPECT_THAT(refusal(), HasSubstr("has both x and x_train"));
}

TEST_F(NpyFolder, PartsMustFitEachOther) {
  write<double>("x_train", {2, 2}, {1, 2, 3, 4});
  write<std::int64_t>("y_train", {2}, {0, 1});
  write<double>("x_test", {1, 2}, {1, 2});
  EXPECT_THAT(refusal(), HasSubstr("there is no y_test.npy"));
  write<std::int64_t>("y_test", {1}, {2});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("y_test.npy"), HasSubstr("2")));
  write<std::int64_t>("y_test", {1}, {1});
  EXPECT_THAT(open().test, SizeIs(1));
  write<double>("x_test", {1, 3}, {1, 2, 3});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("x_test.npy: its rows are (3)"), HasSubstr("are (2)")));
  write<std::uint8_t>("x_train", {2, 1, 2}, {1, 2, 3, 4});
  write<double>("x_test", {1, 1, 2}, {1, 2});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("x_test.npy: its elements are float64"), HasSubstr("uint8")));
}

}  // namespace
}  // namespace thalweg::lab::test
