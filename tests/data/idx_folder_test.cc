// Data: IDX files are read as they are and refused where they are damaged; batches are normalised.
#include "data/dataset.h"

#include "data/idx.h"
#include "error_of.h"
#include "idx_files.h"
#include "loaded.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <numeric>

namespace thalweg::lab {
namespace {

using test::Bytes;
using test::gzip_bytes;
using test::idx_bytes;
using test::labels_of;
using test::pixels_of;
using test::TemporaryFolder;
using test::write_bytes;
using ::testing::AllOf;
using ::testing::HasSubstr;
using tests::error_of;

Bytes counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + i / 256);
  return bytes;
}

// A folder with 6 training and 4 test images of 2 × 3 pixels.
class IdxFolder : public ::testing::Test {
 protected:
  IdxFolder() {
    write("train-images-idx3-ubyte", train_images);
    write("train-labels-idx1-ubyte", train_labels);
    write("t10k-images-idx3-ubyte", idx_bytes({4, 2, 3}, counting(24)));
    write("t10k-labels-idx1-ubyte", idx_bytes({4}, {9, 0, 1, 2}));
  }
  void write(const std::string& name, const Bytes& bytes) { write_bytes(folder.path() / name, bytes); }
  void remove(const std::string& name) { std::filesystem::remove(folder.path() / name); }
  std::string spec() const { return "idx:" + folder.path().string(); }
  std::string error() const {
    return error_of([this] { open_dataset(spec()); });
  }

  TemporaryFolder folder;
  const Bytes pixels = counting(36);
  const Bytes labels{0, 1, 2, 3, 4, 5};
  const Bytes train_images = idx_bytes({6, 2, 3}, pixels);
  const Bytes train_labels = idx_bytes({6}, labels);
};

TEST_F(IdxFolder, HoldsWhatTheFilesHold) {
  const Dataset dataset = open_dataset(spec());
  EXPECT_EQ(dataset.train.size(), 6u);
  EXPECT_EQ(dataset.test.size(), 4u);
  EXPECT_EQ(dataset.inputs.front().shape, (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(dataset.target.classes, 10);
  EXPECT_EQ(dataset.name, spec());
  EXPECT_EQ(dataset.origin, folder.path().string());
  EXPECT_EQ(pixels_of(dataset, dataset.train), pixels);
  EXPECT_EQ(labels_of(dataset, dataset.train), labels);
  EXPECT_EQ(labels_of(dataset, dataset.test), (Bytes{9, 0, 1, 2}));
}

TEST_F(IdxFolder, PixelsOutliveTheDatasetThatReadThem) {
  const std::shared_ptr<const Examples> examples = open_dataset(spec()).examples;
  const Dataset copy = [&] {
    Dataset dataset = open_dataset(spec());
    dataset.examples = examples;
    return dataset;
  }();
  EXPECT_EQ(pixels_of(copy, copy.train), pixels);
}

TEST_F(IdxFolder, GzipIsKnownByItsMagicNotItsName) {
  remove("train-images-idx3-ubyte");
  write("train-images-idx3-ubyte.gz", gzip_bytes(train_images));
  write("train-labels-idx1-ubyte", gzip_bytes(train_labels));  // compressed, named as if it were not
  const Dataset dataset = open_dataset(spec());
  EXPECT_EQ(pixels_of(dataset, dataset.train), pixels);
  EXPECT_EQ(labels_of(dataset, dataset.train), labels);
}

TEST_F(IdxFolder, NamesWithADotAreFound) {
  remove("train-images-idx3-ubyte");
  write("train-images.idx3-ubyte", train_images);
  EXPECT_EQ(open_dataset(spec()).train.size(), 6u);
}

// Mapped, the pixels would be gone, and with them the process that trains on them.
TEST_F(IdxFolder, AFileThatShrinksLaterIsStillThere) {
  const Dataset dataset = open_dataset(spec());
  std::filesystem::resize_file(folder.path() / "train-images-idx3-ubyte", 0);
  EXPECT_EQ(pixels_of(dataset, dataset.train), pixels);
}

// As in Kaggle's copy of MNIST: files with a dot, and beside them folders by the other name.
TEST_F(IdxFolder, LooksIntoFoldersThatAreNamedAsFiles) {
  const auto into_folder = [&](const std::string& name) {
    const Bytes bytes = test::read_bytes(folder.path() / name);
    remove(name);
    std::filesystem::create_directory(folder.path() / name);
    write(name + "/" + name, bytes);
  };
  const std::string before = open_dataset(spec()).fingerprint;
  for (const char* name :
       {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    into_folder(name);
  }
  EXPECT_EQ(open_dataset(spec()).fingerprint, before);
  // A file in the folder itself counts more than one further inside.
  write("train-labels.idx1-ubyte", idx_bytes({6}, {5, 4, 3, 2, 1, 0}));
  const Dataset dataset = open_dataset(spec());
  EXPECT_EQ(labels_of(dataset, dataset.train), (Bytes{5, 4, 3, 2, 1, 0}));
  remove("train-images-idx3-ubyte/train-images-idx3-ubyte");
  EXPECT_THAT(error(), AllOf(HasSubstr("train-images-idx3-ubyte"), HasSubstr("is a folder")));
}

TEST_F(IdxFolder, OfTwoFilesTakesTheOneThatCanBeRead) {
  write("train-images-idx3-ubyte.gz", gzip_bytes(train_images));
  write("train-images-idx3-ubyte", Bytes(train_images.begin(), train_images.end() - 1));
  EXPECT_EQ(open_dataset(spec()).train.size(), 6u);
  write("train-images-idx3-ubyte.gz", {0x1f, 0x8b, 0});
  EXPECT_THAT(error(), HasSubstr("train-images-idx3-ubyte: offset 51")) << "of the first, if none can be read";
}

// Opening one would wait for ever, reading another would never end.
TEST_F(IdxFolder, RefusesWhatIsNoFile) {
  const std::filesystem::path file = folder.path() / "train-images-idx3-ubyte";
  remove("train-images-idx3-ubyte");
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  EXPECT_THAT(error(), AllOf(HasSubstr(file.string()), HasSubstr("is a pipe")));
  std::filesystem::remove(file);
  std::filesystem::create_symlink("/dev/zero", file);
  EXPECT_THAT(error(), AllOf(HasSubstr(file.string()), HasSubstr("is a device")));
}

TEST_F(IdxFolder, HasAsManyClassesAsItsLabelsShow) {
  write("train-labels-idx1-ubyte", idx_bytes({6}, {0, 1, 2, 2, 1, 0}));
  write("t10k-labels-idx1-ubyte", idx_bytes({4}, {0, 1, 2, 0}));
  EXPECT_EQ(open_dataset(spec()).target.classes, 3);
  write("t10k-labels-idx1-ubyte", idx_bytes({4}, {0, 1, 4, 0}));
  EXPECT_EQ(open_dataset(spec()).target.classes, 5) << "a small training part may lack the highest";
}

TEST_F(IdxFolder, LabelsBeyondTenClassesMakeMore) {
  write("train-labels-idx1-ubyte", idx_bytes({6}, {0, 46, 2, 3, 4, 5}));
  EXPECT_EQ(open_dataset(spec()).target.classes, 47);
  write("train-labels-idx1-ubyte", idx_bytes({6}, {0, 1, 62, 3, 4, 5}));
  EXPECT_THAT(error(), AllOf(HasSubstr("train-labels-idx1-ubyte"), HasSubstr("offset 10"), HasSubstr("label 62"),
                             HasSubstr("0 … 61")));
}

TEST_F(IdxFolder, TestLabelsMustBeClassesOfTheTrainingPart) {
  write("t10k-labels-idx1-ubyte", idx_bytes({4}, {9, 0, 10, 2}));
  EXPECT_THAT(error(), AllOf(HasSubstr("t10k-labels-idx1-ubyte"), HasSubstr("offset 10"), HasSubstr("0 … 9")));
}

TEST_F(IdxFolder, RefusesDifferentCounts) {
  write("train-labels-idx1-ubyte", idx_bytes({5}, {0, 1, 2, 3, 4}));
  EXPECT_THAT(error(), AllOf(HasSubstr("5 labels"), HasSubstr("6 images")));
}

TEST_F(IdxFolder, RefusesDifferentImageSizes) {
  write("t10k-images-idx3-ubyte", idx_bytes({4, 3, 2}, counting(24)));
  EXPECT_THAT(error(), AllOf(HasSubstr("3 × 2"), HasSubstr("2 × 3")));
}

TEST_F(IdxFolder, NamesTheFileThatIsMissing) {
  remove("t10k-labels-idx1-ubyte");
  EXPECT_THAT(error(), HasSubstr("t10k-labels-idx1-ubyte"));
}

TEST_F(IdxFolder, AFingerprintIsOfTheContentsAlone) {
  const std::string before = open_dataset(spec()).fingerprint;
  write("train-labels-idx1-ubyte", gzip_bytes(train_labels));
  EXPECT_EQ(open_dataset(spec()).fingerprint, before);
  write("train-labels-idx1-ubyte", train_labels);
  // The shape counts as the bytes do: 2 × 3 pixels are not 3 × 2.
  write("train-images-idx3-ubyte", idx_bytes({6, 3, 2}, pixels));
  write("t10k-images-idx3-ubyte", idx_bytes({4, 3, 2}, counting(24)));
  EXPECT_NE(open_dataset(spec()).fingerprint, before);
  write("train-images-idx3-ubyte", train_images);
  write("t10k-images-idx3-ubyte", idx_bytes({4, 2, 3}, counting(24)));
  EXPECT_EQ(open_dataset(spec()).fingerprint, before);
  for (const char* name :
       {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    const Bytes whole = test::read_bytes(folder.path() / name);
    Bytes changed = whole;
    changed.back() ^= 1;
    write(name, changed);
    EXPECT_NE(open_dataset(spec()).fingerprint, before) << name;
    write(name, whole);
  }
}

TEST(OpenDataset, SuggestsNames) {
  EXPECT_THAT(error_of([] { open_dataset("fashion-mnits"); }),
              AllOf(HasSubstr("fashion-mnits"), HasSubstr("fashion-mnist")));
  EXPECT_THAT(error_of([] { open_dataset("idx:/nowhere/at/all"); }), HasSubstr("/nowhere/at/all"));
}

// Every way in which a header can be wrong: bytes, and what the error must say.
struct Damage {
  const char* name;
  Bytes bytes;
  std::vector<std::string> said;

  friend void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }  // not its bytes
};

class DamagedIdx : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedIdx, IsRefusedPlainAndCompressed) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "images";
  for (const bool compressed : {false, true}) {
    write_bytes(file, compressed ? gzip_bytes(GetParam().bytes) : GetParam().bytes);
    const std::string error = error_of([&] { read_idx(file, 3); });
    EXPECT_THAT(error, HasSubstr(file.string()));
    EXPECT_THAT(error, HasSubstr("offset"));
    if (compressed && GetParam().said.back() == "follow") continue;  // gzip says it in its own words
    for (const std::string& part : GetParam().said) EXPECT_THAT(error, HasSubstr(part)) << compressed;
  }
}

Bytes changed(std::size_t at, std::uint8_t value) {
  Bytes bytes = idx_bytes({6, 2, 3}, counting(36));
  bytes[at] = value;
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedIdx,
    ::testing::Values(Damage{"FirstByte", changed(0, 1), {"offset 0", "00 00"}},
                      Damage{"SecondByte", changed(1, 7), {"offset 0", "00 00"}},
                      Damage{"UnknownType", changed(2, 0x0a), {"offset 2", "0a"}},
                      Damage{"SignedType", changed(2, 0x09), {"offset 2", "signed byte"}},
                      Damage{"FloatType", changed(2, 0x0d), {"offset 2", "32-bit float"}},
                      Damage{"NoDimension", changed(3, 0), {"offset 3", "0 dimensions"}},
                      Damage{"TooManyDimensions", changed(3, 9), {"offset 3", "9 dimensions"}},
                      Damage{"OtherDimensions", changed(3, 1), {"offset 3", "expected 3"}},
                      Damage{"NoImages", changed(7, 0), {"offset 4", "is 0"}},
                      Damage{"NoHeight", changed(11, 0), {"offset 8", "is 0"}},
                      Damage{"NoWidth", changed(15, 0), {"offset 12", "is 0"}},
                      Damage{
                          "ProductOverflows", idx_bytes({0xffffffff, 0xffffffff, 0xffffffff}, {1}), {"offset", "2^62"}},
                      Damage{"HugeSizes", idx_bytes({0xffffffff, 100, 100}, {1}), {"offset"}},
                      Damage{"OneByteShort", idx_bytes({6, 2, 3}, counting(35)), {"offset 51"}},
                      Damage{"OneByteLong", idx_bytes({6, 2, 3}, counting(37)), {"offset 52", "follow"}},
                      Damage{"EndsInHeader", Bytes{0, 0, 8, 3, 0, 0, 0, 6, 0}, {"offset 9", "header"}},
                      Damage{"EndsInMagic", Bytes{0, 0, 8}, {"offset 3", "magic"}},
                      Damage{"Empty", Bytes{}, {"offset 0"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(CompressedIdx, DamageAnywhereIsNoticed) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "images.gz";
  const Bytes whole = gzip_bytes(idx_bytes({6, 2, 3}, counting(36)));
  write_bytes(file, whole);
  EXPECT_EQ(read_idx(file, 3).bytes.size(), 36u);
  for (std::size_t length = 2; length < whole.size(); ++length) {
    write_bytes(file, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    EXPECT_THAT(error_of([&] { read_idx(file, 3); }), HasSubstr("offset")) << "cut to " << length;
  }
  // Bytes 4 to 9 of a gzip header (time, flags, system) mean nothing to the contents.
  for (std::size_t at = 10; at < whole.size(); ++at) {
    Bytes damaged = whole;
    damaged[at] ^= 0x55;
    write_bytes(file, damaged);
    EXPECT_THAT(error_of([&] { read_idx(file, 3); }), HasSubstr("offset")) << "byte " << at;
  }
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// RFC 1952, 2.2: a file is a series of members. `cat a.gz b.gz`, bgzip and mgzip write more than one.
TEST(CompressedIdx, MembersAreOneStream) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "images.gz";
  const Bytes plain = idx_bytes({6, 2, 3}, counting(36));
  const auto part = [&](std::size_t begin, std::size_t end) {
    return gzip_bytes(
        {plain.begin() + static_cast<std::ptrdiff_t>(begin), plain.begin() + static_cast<std::ptrdiff_t>(end)});
  };
  const auto expect_read = [&](const Bytes& bytes, const char* what) {
    write_bytes(file, bytes);
    const IdxFile read = read_idx(file, 3);
    EXPECT_EQ(Bytes(read.bytes.begin(), read.bytes.end()), counting(36)) << what;
  };
  for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
    expect_read(joined({part(0, cut), part(cut, plain.size())}), "two members");
  }
  const Bytes whole = gzip_bytes(plain), empty = gzip_bytes({}), zeros(100000, 0);
  expect_read(joined({part(0, 3), empty, part(3, 20), part(20, plain.size()), empty}), "five members");
  expect_read(joined({whole, {0}}), "one zero behind");
  expect_read(joined({whole, zeros}), "padded, as on a tape");
  expect_read(joined({part(0, 9), zeros, part(9, plain.size()), zeros}), "padded in between");
}

TEST(CompressedIdx, WhatFollowsMustBeAMemberOrZeros) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "images.gz";
  const Bytes whole = gzip_bytes(idx_bytes({6, 2, 3}, counting(36)));
  const auto error = [&](const Bytes& bytes) {
    write_bytes(file, bytes);
    return error_of([&] { read_idx(file, 3); });
  };
  EXPECT_THAT(error(joined({whole, {1}})), AllOf(HasSubstr("follow"), HasSubstr(std::to_string(whole.size()))));
  EXPECT_THAT(error(joined({whole, {0, 0, 'x', 'y'}})), HasSubstr("follow"));
  EXPECT_THAT(error(joined({whole, {0x1f}})), HasSubstr("too early"));
  EXPECT_THAT(error(joined({whole, {0x1f, 0x8c, 8, 0}})), HasSubstr("header"));
  EXPECT_THAT(error(joined({whole, Bytes(whole.begin(), whole.end() - 1)})), HasSubstr("longer"));
  EXPECT_THAT(error(joined({whole, gzip_bytes({1})})), HasSubstr("longer")) << "one byte too many";
  const Bytes plain = idx_bytes({6, 2, 3}, counting(35));
  EXPECT_THAT(error(joined({gzip_bytes(plain), gzip_bytes({})})), HasSubstr("end after 35 bytes"));
}

// A bomb is many members, or one, that would inflate to far more than header and sizes say, or ask for more than so
// few bytes can hold.
TEST(CompressedIdx, BombsAreRefusedBeforeTheyGrow) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "images.gz";
  const Bytes million = gzip_bytes(Bytes(1000000, 0));
  std::vector<Bytes> members{gzip_bytes(idx_bytes({1, 2, 3}, counting(6)))};
  for (int i = 0; i < 1000; ++i) members.push_back(million);
  write_bytes(file, joined(members));
  EXPECT_THAT(error_of([&] { read_idx(file, 3); }), HasSubstr("longer than header"));
  write_bytes(file, joined({gzip_bytes(idx_bytes({0xffff, 0xffff, 0xff}, {})), million}));
  EXPECT_THAT(error_of([&] { read_idx(file, 3); }), HasSubstr("compressed bytes can hold"));
}

TEST_F(IdxFolder, MeasuresMeanAndDeviationOfTheNamedImages) {
  const Dataset dataset = open_dataset(spec());
  const std::vector<std::int64_t> some{1, 4, 5};
  double sum = 0, squares = 0;
  for (const std::int64_t index : some) {
    for (std::int64_t k = 0; k < 6; ++k) sum += pixels[static_cast<std::size_t>(index * 6 + k)] / 255.0;
  }
  const double mean = sum / 18;
  for (const std::int64_t index : some) {
    for (std::int64_t k = 0; k < 6; ++k) {
      const double difference = pixels[static_cast<std::size_t>(index * 6 + k)] / 255.0 - mean;
      squares += difference * difference;
    }
  }
  const Scaling measured = dataset.examples->measure(some);
  EXPECT_NEAR(measured.mean.front(), mean, 1e-12);
  EXPECT_NEAR(measured.deviation.front(), std::sqrt(squares / 18), 1e-12);
}

TEST_F(IdxFolder, BatchesHoldTheNamedImagesNormalised) {
  const Dataset dataset = open_dataset(spec());
  const std::vector<std::int64_t> indices{5, 0, 3};
  const test::Loaded loaded = test::load(dataset, indices, {.mean = {0.3}, .deviation = {0.25}});
  for (std::size_t i = 0; i < indices.size(); ++i) {
    EXPECT_EQ(loaded.labels[i], labels[static_cast<std::size_t>(indices[i])]);
    for (std::size_t k = 0; k < 6; ++k) {
      const double expected = (pixels[static_cast<std::size_t>(indices[i]) * 6 + k] / 255.0 - 0.3) / 0.25;
      EXPECT_NEAR(loaded.real[0][i * 6 + k], expected, 1e-6);
    }
  }
}

TEST(Measure, ImagesOfOneGreyHaveDeviationOne) {
  const TemporaryFolder folder;
  for (const char* part : {"train", "t10k"}) {
    write_bytes(folder.path() / (std::string(part) + "-images-idx3-ubyte"), idx_bytes({2, 2, 2}, Bytes(8, 7)));
    write_bytes(folder.path() / (std::string(part) + "-labels-idx1-ubyte"), idx_bytes({2}, {0, 1}));
  }
  const Dataset dataset = open_dataset("idx:" + folder.path().string());
  const std::vector<std::int64_t> all{0, 1};
  EXPECT_EQ(dataset.examples->measure(all).deviation.front(), 1);
}

TEST(FashionMnist, IsTheDocumentedSet) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "dataset-fashion-mnist is missing";
  const Dataset dataset = open_dataset("fashion-mnist");
  EXPECT_EQ(dataset.train.size(), 60000u);
  EXPECT_EQ(dataset.test.size(), 10000u);
  EXPECT_EQ(dataset.inputs.front().shape, (std::vector<std::int64_t>{1, 28, 28}));
  EXPECT_EQ(dataset.target.class_names.size(), 10u);
  for (const std::vector<std::int64_t>* part : {&dataset.train, &dataset.test}) {
    std::vector<std::int64_t> count(10);
    for (const std::uint8_t label : labels_of(dataset, *part)) ++count[label];
    EXPECT_THAT(count, ::testing::Each(std::ssize(*part) / 10));
  }
  // Known from many publications: 0.2860 and 0.3530.
  std::vector<std::int64_t> all(60000);
  std::iota(all.begin(), all.end(), 0);
  const Scaling measured = dataset.examples->measure(all);
  EXPECT_NEAR(measured.mean.front(), 0.2860, 5e-5);
  EXPECT_NEAR(measured.deviation.front(), 0.3530, 5e-5);
}

}  // namespace
}  // namespace thalweg::lab
