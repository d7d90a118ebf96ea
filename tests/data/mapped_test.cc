// Files that are mapped give the data sets, batches and errors of those that are copied.
#include "data/facts.h"
#include "data/idx.h"
#include "data/npy.h"
#include "dataset_calls.h"
#include "npy_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace thalweg::lab::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kAll = 1;            // every file is mapped
constexpr std::uint64_t kNone = UINT64_MAX;  // none is
constexpr std::uint64_t kChoices[] = {kAll, kNone};

/// With a text of its header in place of another of the same length.
Bytes changed(Bytes bytes, const std::string& from, const std::string& to) {
  std::copy(to.begin(), to.end(), std::search(bytes.begin(), bytes.end(), from.begin(), from.end()));
  return bytes;
}

class Mapped : public testing::Test {
 protected:
  template <class Number>
  void write(const std::string& name, const std::vector<std::int64_t>& shape) const {
    std::vector<Number> numbers;
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    for (std::int64_t i = 0; i < count; ++i) numbers.push_back(static_cast<Number>(i * i % 97));
    write_npy(folder.path() / (name + ".npy"), shape, numbers);
  }
  void write_labels(const std::string& name, std::size_t count) const {
    Bytes labels(count);
    for (std::size_t i = 0; i < count; ++i) labels[i] = static_cast<std::uint8_t>(i % 3);
    write_npy(folder.path() / (name + ".npy"), {static_cast<std::int64_t>(count)}, labels);
  }
  /// Names of the folder's files that the process has mapped now.
  std::vector<std::string> mapped_files() const {
    std::vector<std::string> files;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      const std::size_t found = line.find(folder.path().string() + "/");
      if (found != std::string::npos) files.push_back(std::filesystem::path(line.substr(found)).filename().string());
    }
    return files;
  }
  /// Opens the folder both ways; compares all that a data set tells.
  void expect_same(const std::string& spec, const std::vector<std::string>& mapped) const {
    const Dataset copy = open_dataset(spec, {.map_from = kNone});
    EXPECT_THAT(mapped_files(), IsEmpty());
    const Dataset dataset = open_dataset(spec, {.map_from = kAll});
    EXPECT_THAT(mapped_files(), testing::UnorderedElementsAreArray(mapped));
    EXPECT_EQ(dataset.fingerprint, copy.fingerprint);
    EXPECT_EQ(dataset.train, copy.train);
    EXPECT_EQ(dataset.test, copy.test);
    const Scaling scaling = copy.examples->measure(copy.train);
    EXPECT_EQ(dataset.examples->measure(dataset.train), scaling);
    const std::vector<std::int64_t> all = all_of(copy);
    for (std::size_t begin = 0; begin < all.size(); begin += 3) {
      const auto part = std::span(all).subspan(begin, std::min<std::size_t>(3, all.size() - begin));
      const Loaded one = load(dataset, part, scaling), other = load(copy, part, scaling);
      EXPECT_EQ(one.real, other.real);
      EXPECT_EQ(one.labels, other.labels);
      EXPECT_EQ(one.numbers, other.numbers);
    }
    for (const std::int64_t a : all) {
      EXPECT_EQ(dataset.examples->input_hash(a), copy.examples->input_hash(a));
      for (const std::int64_t b : all)
        EXPECT_EQ(dataset.examples->have_same_inputs(a, b), copy.examples->have_same_inputs(a, b)) << a << ' ' << b;
    }
  }
  std::string npy() const { return "npy:" + folder.path().string(); }

  TemporaryFolder folder;
};

TEST_F(Mapped, RowsOfEveryTypeAreThoseOfACopy) {
  const auto expect = [&](const char* what) {
    SCOPED_TRACE(what);
    // The targets are kept as integers, and their file is no longer needed.
    expect_same(npy(), {"x_train.npy", "x_test.npy"});
  };
  write_labels("y_train", 11);
  write_labels("y_test", 4);
  write<float>("x_train", {11, 5});
  write<double>("x_test", {4, 5});
  expect("floats and doubles");
  write<std::int8_t>("x_train", {11, 5});
  write<std::uint64_t>("x_test", {4, 5});
  expect("integers");
  write<std::int16_t>("x_train", {11, 5, 2});
  write<std::uint16_t>("x_test", {4, 5, 2});
  expect("series");
  write<double>("y_train", {11});
  write<double>("y_test", {4});
  write<std::int32_t>("x_train", {11, 5});
  write<std::uint32_t>("x_test", {4, 5});
  expect("numbers");
}

TEST_F(Mapped, ImagesAreThoseOfACopy) {
  write_labels("y", 9);
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{9, 4, 5}, {9, 4, 5, 1}, {9, 4, 5, 3}}) {
    write<std::uint8_t>("x", shape);
    expect_same(npy(), {"x.npy"});
  }
  write_learnable_dataset(folder.path(), 20, 5);
  expect_same("idx:" + folder.path().string(), {"train-images-idx3-ubyte", "t10k-images-idx3-ubyte"});
}

TEST_F(Mapped, WhatIsNotStoredAsItIsUsedIsCopied) {
  const std::filesystem::path file = folder.path() / "x.npy";
  const std::vector<std::int16_t> numbers{1, 2, 3, 4, 5, 6};
  const Bytes plain = npy_file<std::int16_t>({2, 3}, numbers);
  const auto read = [&](const Bytes& bytes) {
    write_bytes(file, bytes);
    const NpyArray array = read_npy(file, kAll);
    EXPECT_THAT(mapped_files(), IsEmpty());
    return to_doubles(array);
  };
  EXPECT_THAT(read(gzip_bytes(plain)), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read(changed(plain, "<i2", ">i2")), ElementsAre(256, 512, 768, 1024, 1280, 1536));
  EXPECT_THAT(read(changed(plain, "'fortran_order': False", "'fortran_order': True ")), ElementsAre(1, 3, 5, 2, 4, 6));
  write_bytes(file, plain);
  const NpyArray array = read_npy(file, plain.size());
  EXPECT_THAT(mapped_files(), ElementsAre("x.npy"));
  EXPECT_EQ(array.offset + std::ssize(array.bytes), std::ssize(plain));
  EXPECT_EQ(read_npy(file, plain.size() + 1).bytes.size(), array.bytes.size());
  EXPECT_THAT(mapped_files(), ElementsAre("x.npy")) << "the second is not";
}

TEST_F(Mapped, ErrorsAreThoseOfACopy) {
  const std::filesystem::path file = folder.path() / "x.npy", idx = folder.path() / "idx";
  const auto errors = [](const auto& call) {
    std::vector<std::string> errors;
    for (const std::uint64_t from : kChoices) errors.push_back(error_of([&] { call(from); }));
    EXPECT_EQ(errors[0], errors[1]);
    return errors[0];
  };
  Bytes bytes = npy_file<std::uint8_t>({2, 3}, {0, 1, 1, 0, 1, 2});
  const auto end = static_cast<std::ptrdiff_t>(bytes.size());
  for (std::ptrdiff_t length = 0; length < end; ++length) {
    write_bytes(file, {bytes.begin(), bytes.begin() + length});
    errors([&](std::uint64_t from) { read_npy(file, from); });
  }
  bytes = changed(bytes, "|u1", "|b1");
  write_bytes(file, bytes);
  EXPECT_THAT(errors([&](std::uint64_t from) { read_npy(file, from); }), testing::HasSubstr("a bool of 2"));
  bytes.push_back(0);
  write_bytes(file, bytes);
  EXPECT_THAT(errors([&](std::uint64_t from) { read_npy(file, from); }), testing::HasSubstr("more follows"));

  Bytes images = idx_bytes({2, 2, 1}, {1, 2, 3, 4, 5});
  for (std::ptrdiff_t length = 0; length <= std::ssize(images); ++length) {
    if (length == std::ssize(images) - 1) continue;
    write_bytes(idx, {images.begin(), images.begin() + length});
    errors([&](std::uint64_t from) { read_idx(idx, 3, from); });
  }

  write_labels("y", 3);
  for (const double bad : {std::nan(""), HUGE_VAL, -1e151}) {
    write_npy<double>(file, {3, 1}, {0, bad, 1});
    EXPECT_THAT(errors([&](std::uint64_t from) { open_dataset(npy(), {.map_from = from}); }),
                testing::HasSubstr("x.npy: element [1, 0] (float64) is "));
  }
}

TEST_F(Mapped, EqualRowsOfOtherTypesAreDuplicates) {
  write<float>("x_train", {3, 2});
  write<std::int8_t>("x_test", {2, 2});
  write_labels("y_train", 3);
  write_labels("y_test", 2);
  for (const std::uint64_t from : kChoices) {
    const Duplicates found = duplicates_of(open_dataset(npy(), {.map_from = from}));
    EXPECT_EQ(found.in_both, 2);
    EXPECT_EQ(found.contradicting, 0);
  }
}

}  // namespace
}  // namespace thalweg::lab::test
