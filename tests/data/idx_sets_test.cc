// Data sets in IDX files by other names than MNIST's: EMNIST's, turned and with its own labels, and QMNIST's.
#include "data/idx.h"
#include "data/idx_folder.h"

#include "error_of.h"
#include "idx_files.h"

#include <gmock/gmock.h>

namespace thalweg::lab {
namespace {

using test::append_size;
using test::Bytes;
using test::gzip_bytes;
using test::idx_bytes;
using test::TemporaryFolder;
using test::write_bytes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::error_of;

Bytes counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

// QMNIST's: 32-bit integers, the label before `columns` - 1 others.
Bytes integer_labels(const std::vector<std::int32_t>& labels, std::uint32_t columns = 8) {
  Bytes bytes{0, 0, 12, 2};
  append_size(bytes, static_cast<std::uint32_t>(labels.size()));
  append_size(bytes, columns);
  for (const std::int32_t label : labels) {
    append_size(bytes, static_cast<std::uint32_t>(label));
    for (std::uint32_t i = 1; i < columns; ++i) append_size(bytes, 100000 * i);
  }
  return bytes;
}

Bytes text(const std::string& text) { return {text.begin(), text.end()}; }

class IdxSets : public ::testing::Test {
 protected:
  void write(const std::string& name, const Bytes& bytes) { write_bytes(folder.path() / name, bytes); }
  void write_emnist(const std::string& split, const Bytes& train, const Bytes& test) {
    const std::string name = "emnist-" + split;
    write(name + "-train-images-idx3-ubyte", idx_bytes({2, 2, 3}, counting(12)));
    write(name + "-train-labels-idx1-ubyte", idx_bytes({2}, train));
    write(name + "-test-images-idx3-ubyte.gz", gzip_bytes(idx_bytes({1, 2, 3}, counting(6))));
    write(name + "-test-labels-idx1-ubyte.gz", gzip_bytes(idx_bytes({1}, test)));
  }
  void write_qmnist() {
    write("qmnist-train-images-idx3-ubyte", idx_bytes({2, 2, 3}, counting(12)));
    write("qmnist-train-labels-idx2-int", integer_labels({9, 4}));
    write("qmnist-test-images-idx3-ubyte.gz", gzip_bytes(idx_bytes({1, 2, 3}, counting(6))));
    write("qmnist-test-labels-idx2-int.gz", gzip_bytes(integer_labels({0})));
  }
  void write_mnist() {
    write("train-images-idx3-ubyte", idx_bytes({2, 2, 3}, counting(12)));
    write("train-labels-idx1-ubyte", idx_bytes({2}, {1, 2}));
    write("t10k-images-idx3-ubyte", idx_bytes({1, 2, 3}, counting(6)));
    write("t10k-labels-idx1-ubyte", idx_bytes({1}, {3}));
  }
  IdxFolder read(const std::string& name = "") const { return read_idx_folder(folder.path() / name); }
  std::string error(const std::string& name = "") const {
    return error_of([&] { read(name); });
  }
  TemporaryFolder folder;
};

TEST_F(IdxSets, MnistIsReadAsItIs) {
  write_mnist();
  const IdxFolder set = read_idx_folder(folder.path());
  EXPECT_EQ(set.prefix, "");
  EXPECT_EQ(set.height, 2);
  EXPECT_EQ(set.width, 3);
  EXPECT_EQ(set.classes, 4);
  EXPECT_TRUE(set.class_names.empty());
  EXPECT_EQ(Bytes(set.train.pixels.begin(), set.train.pixels.end()), counting(12));
  EXPECT_THAT(set.train.labels, ElementsAre(1, 2));
  EXPECT_THAT(set.test.labels, ElementsAre(3));
  EXPECT_EQ(set.train.count, 2);
  EXPECT_EQ(read_idx_folder(folder.path(), 10).classes, 10);
  EXPECT_THAT(error_of([&] { read_idx_folder(folder.path(), 2); }),
              AllOf(HasSubstr("train-labels-idx1-ubyte: offset 9: label 2"), HasSubstr("0 … 1")));
}

TEST_F(IdxSets, LettersAreTurnedAndCountFromZero) {
  write_emnist("letters", {1, 26}, {3});
  const IdxFolder set = read();
  EXPECT_EQ(set.prefix, "emnist-letters");
  EXPECT_EQ(set.height, 3);
  EXPECT_EQ(set.width, 2);
  EXPECT_THAT(Bytes(set.train.pixels.begin(), set.train.pixels.end()),
              ElementsAre(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11));
  EXPECT_THAT(set.train.labels, ElementsAre(0, 25));
  EXPECT_THAT(set.test.labels, ElementsAre(2));
  EXPECT_EQ(set.classes, 26);
  ASSERT_EQ(set.class_names.size(), 26u);
  EXPECT_EQ(set.class_names[0], "a");
  EXPECT_EQ(set.class_names[25], "z");
}

TEST_F(IdxSets, LabelsOfEmnistMustBeClassesOfTheSplit) {
  write_emnist("letters", {1, 0}, {3});
  EXPECT_THAT(error(),
              AllOf(HasSubstr("emnist-letters-train-labels-idx1-ubyte: offset 9: label 0"), HasSubstr("1 … 26")));
  write_emnist("letters", {1, 2}, {27});
  EXPECT_THAT(error(), HasSubstr("emnist-letters-test-labels-idx1-ubyte.gz: offset 8: label 27"));
}

TEST_F(IdxSets, EverySplitHasItsClasses) {
  for (const auto& [split, classes, last] :
       std::vector<std::tuple<const char*, std::uint8_t, const char*>>{{"byclass", 62, "z"},
                                                                       {"bymerge", 47, "t"},
                                                                       {"balanced", 47, "t"},
                                                                       {"digits", 10, "9"},
                                                                       {"mnist", 10, "9"}}) {
    write_emnist(split, {0, static_cast<std::uint8_t>(classes - 1)}, {1});
    const std::string name = std::string("emnist-") + split;
    const IdxFolder set = read(name);
    EXPECT_EQ(set.prefix, name);
    EXPECT_EQ(set.classes, classes);
    ASSERT_EQ(set.class_names.size(), classes);
    EXPECT_EQ(set.class_names.back(), last);
    EXPECT_EQ(set.class_names.front(), "0");
    write_emnist(split, {0, classes}, {1});
    EXPECT_THAT(error(name), HasSubstr("0 … " + std::to_string(classes - 1)));
  }
}

TEST_F(IdxSets, AMappingNamesTheClasses) {
  write_emnist("three", {0, 2}, {1});
  EXPECT_EQ(read().classes, 3);
  EXPECT_TRUE(read().class_names.empty()) << "nobody knows this split";
  const std::string mapping = "emnist-three-mapping.txt";
  write(mapping, text("0 48\r\n1 65 97\n2 66\n\n"));
  EXPECT_THAT(read().class_names, ElementsAre("0", "a", "B"));
  write_emnist("letters", {1, 2}, {2});
  write("emnist-letters-mapping.txt", text("1 65 97\n2 66 98"));
  EXPECT_THAT(read("emnist-letters").class_names, ElementsAre("a", "b"));
  const auto mapping_error = [&](const std::string& contents) {
    write(mapping, text(contents));
    return error("emnist-three");
  };
  EXPECT_THAT(mapping_error("0 48\n2 49\n"), HasSubstr(mapping + ": line 2: label 2; expected 1"));
  EXPECT_THAT(mapping_error("0 48\n1\n"), HasSubstr("line 2: no code point"));
  EXPECT_THAT(mapping_error("0 48\n1 x\n"), HasSubstr("line 2: expected whole numbers"));
  EXPECT_THAT(mapping_error("0 48\n1 65x\n"), HasSubstr("line 2: expected whole numbers"));
  EXPECT_THAT(mapping_error("0 48\n1 -65\n"), HasSubstr("line 2: expected whole numbers"));
  EXPECT_THAT(mapping_error("0 48\n1 99999999999\n"), HasSubstr("line 2: expected whole numbers"));
  EXPECT_THAT(mapping_error("0 7\n"), HasSubstr("line 1: code point 7 is outside 33 … 126"));
  EXPECT_THAT(mapping_error("\n\n"), HasSubstr("no line"));
}

TEST_F(IdxSets, OfSeveralSetsOneMustBeNamed) {
  write_emnist("letters", {1, 2}, {3});
  write_emnist("digits", {1, 2}, {3});
  write_qmnist();
  EXPECT_THAT(error(), AllOf(HasSubstr("3 data sets (emnist-digits, emnist-letters, qmnist)"),
                             HasSubstr((folder.path() / "emnist-digits").string())));
  EXPECT_EQ(read("emnist-digits").prefix, "emnist-digits");
  EXPECT_EQ(read("emnist-letters").classes, 26);
  EXPECT_EQ(read("qmnist").prefix, "qmnist");
  EXPECT_THAT(error("emnist-balanced"), HasSubstr("there is no emnist-balanced-train-images-idx3-ubyte"));
  EXPECT_THAT(error("kmnist"), HasSubstr("is not a folder"));
  EXPECT_TRUE(is_idx_folder(folder.path()));
  EXPECT_TRUE(is_idx_folder(folder.path() / "emnist-letters"));
  EXPECT_FALSE(is_idx_folder(folder.path() / "kmnist"));
  EXPECT_FALSE(is_idx_folder("/nowhere/at/all/qmnist"));
  write_mnist();
  EXPECT_EQ(read_idx_folder(folder.path()).prefix, "") << "MNIST's names come first";
}

TEST_F(IdxSets, QmnistsFirstColumnIsTheLabel) {
  write_qmnist();
  const IdxFolder set = read_idx_folder(folder.path());
  EXPECT_EQ(set.prefix, "qmnist");
  EXPECT_THAT(set.train.labels, ElementsAre(9, 4));
  EXPECT_THAT(set.test.labels, ElementsAre(0));
  EXPECT_EQ(set.classes, 10);
  EXPECT_EQ(Bytes(set.train.pixels.begin(), set.train.pixels.end()), counting(12)) << "not turned";
  write("qmnist-train-labels-idx2-int", integer_labels({9, 62}));
  EXPECT_THAT(error(), AllOf(HasSubstr("qmnist-train-labels-idx2-int: offset 44: label 62"), HasSubstr("0 … 61")));
  write("qmnist-train-labels-idx2-int", integer_labels({9, 4, 4}));
  EXPECT_THAT(error(), AllOf(HasSubstr("3 labels"), HasSubstr("2 images")));
}

TEST_F(IdxSets, WhatIsMissingIsNamed) {
  EXPECT_THAT(error_of([&] { read_idx_folder(folder.path()); }), HasSubstr("there is no train-images-idx3-ubyte"));
  write_qmnist();
  std::filesystem::remove(folder.path() / "qmnist-test-labels-idx2-int.gz");
  EXPECT_THAT(error(), AllOf(HasSubstr("qmnist-test-labels-idx2-int"), Not(HasSubstr("idx1"))));
  EXPECT_THAT(error_of([] { read_idx_folder("/nowhere/at/all"); }), HasSubstr("/nowhere/at/all: is not a folder"));
}

TEST_F(IdxSets, LabelsOfBothFormsAreReadOrRefused) {
  const std::filesystem::path file = folder.path() / "labels";
  const auto labels = [&](const Bytes& bytes) {
    write_bytes(file, bytes);
    return read_idx_labels(file);
  };
  const auto label_error = [&](const Bytes& bytes) {
    const std::string error = error_of([&] { labels(bytes); });
    EXPECT_THAT(error, HasSubstr(file.string() + ": offset "));
    return error;
  };
  EXPECT_THAT(labels(idx_bytes({3}, {0, 255, 7})).labels, ElementsAre(0, 255, 7));
  EXPECT_THAT(labels(integer_labels({0, 255, 7})).labels, ElementsAre(0, 255, 7));
  EXPECT_THAT(labels(integer_labels({5, 6}, 1)).labels, ElementsAre(5, 6));
  EXPECT_EQ(labels(integer_labels({5, 6})).offset_of(1), 44);
  EXPECT_EQ(labels(idx_bytes({3}, {0, 1, 2})).offset_of(2), 10);
  EXPECT_THAT(label_error(integer_labels({0, 256})), AllOf(HasSubstr("offset 44: label 256"), HasSubstr("0 … 255")));
  EXPECT_THAT(label_error(integer_labels({-1})), HasSubstr("offset 12: label -1"));
  EXPECT_THAT(label_error(idx_bytes({3, 1}, {0, 1, 2})), HasSubstr("2 dimensions; expected 1"));
  Bytes other = integer_labels({1});
  other[3] = 1;
  EXPECT_THAT(label_error(other), HasSubstr("1 dimension; expected 2"));
  other[2] = 0x0d;
  EXPECT_THAT(label_error(other), HasSubstr("expected unsigned bytes (08) or 32-bit integers (0c)"));
  Bytes huge{0, 0, 12, 2};
  append_size(huge, 0xffffffff);
  append_size(huge, 0x7fffffff);
  EXPECT_THAT(label_error(huge), HasSubstr("2^62"));
  const Bytes whole = integer_labels({3, 4}, 2);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    label_error(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
  }
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_THAT(label_error(longer), HasSubstr("1 bytes follow"));
}

}  // namespace
}  // namespace thalweg::lab
