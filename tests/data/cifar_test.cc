// CIFAR: the binary versions are read as they are, and refused where they are damaged, incomplete or of another kind.
#include "data/cifar.h"

#include "error_of.h"
#include "idx_files.h"

#include <gmock/gmock.h>

namespace thalweg::lab {
namespace {

using test::Bytes;
using test::gzip_bytes;
using test::TemporaryFolder;
using test::write_bytes;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::error_of;

constexpr std::size_t kPixels = 3072;

std::uint8_t pixel(std::size_t record, std::size_t k) {
  return static_cast<std::uint8_t>(record * 31 + k * 7 + k / 256);
}

// Records with these labels (one or two); pixels differ from record to record.
Bytes records(const std::vector<Bytes>& labels, std::size_t first = 0) {
  Bytes bytes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    bytes.insert(bytes.end(), labels[i].begin(), labels[i].end());
    for (std::size_t k = 0; k < kPixels; ++k) bytes.push_back(pixel(first + i, k));
  }
  return bytes;
}

Bytes text(const std::string& text) { return {text.begin(), text.end()}; }

class CifarFolder : public ::testing::Test {
 protected:
  void write(const std::string& name, const Bytes& bytes) { write_bytes(folder.path() / name, bytes); }
  void remove(const std::string& name) { std::filesystem::remove(folder.path() / name); }
  TemporaryFolder folder;
};

class Cifar10 : public CifarFolder {
 protected:
  Cifar10() {
    for (std::uint8_t i = 1; i <= 5; ++i) {
      write("data_batch_" + std::to_string(i) + ".bin", records({{i}, {static_cast<std::uint8_t>(9 - i)}}, 2u * i));
    }
    write("test_batch.bin", records({{9}, {0}, {3}}, 100));
    write("batches.meta.txt", text("airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n"));
  }
  std::string error() const {
    return error_of([this] { read_cifar10(folder.path()); });
  }
};

class Cifar100 : public CifarFolder {
 protected:
  Cifar100() {
    write("train.bin", records({{19, 99}, {0, 0}, {7, 42}}));
    write("test.bin", records({{1, 2}, {3, 4}}, 50));
  }
  std::string error() const {
    return error_of([this] { read_cifar100(folder.path()); });
  }
};

TEST_F(Cifar10, HoldsWhatTheFilesHold) {
  const Cifar cifar = read_cifar10(folder.path());
  EXPECT_EQ(cifar.classes, 10);
  EXPECT_EQ(cifar.folder, folder.path());
  EXPECT_EQ(cifar.train.count, 10);
  EXPECT_EQ(cifar.test.count, 3);
  EXPECT_EQ(cifar.train.labels, (Bytes{1, 8, 2, 7, 3, 6, 4, 5, 5, 4}));
  EXPECT_EQ(cifar.test.labels, (Bytes{9, 0, 3}));
  ASSERT_EQ(cifar.class_names.size(), 10u);
  EXPECT_EQ(cifar.class_names[0], "airplane");
  EXPECT_EQ(cifar.class_names[9], "truck");
  ASSERT_EQ(cifar.train.pixels.size(), 10 * kPixels);
  ASSERT_EQ(cifar.test.pixels.size(), 3 * kPixels);
  for (std::size_t i = 0; i < 10 * kPixels; ++i) {
    ASSERT_EQ(cifar.train.pixels[i], pixel(2 + i / kPixels, i % kPixels)) << i;
  }
}

TEST_F(Cifar10, PixelsOutliveTheSetThatReadThem) {
  const LabelledImages part = read_cifar10(folder.path()).test;
  EXPECT_EQ(part.pixels[kPixels], pixel(101, 0));
}

TEST_F(Cifar10, IsFoundInItsSubfolder) {
  const std::filesystem::path inner = folder.path() / "cifar-10-batches-bin";
  std::filesystem::create_directory(inner);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.is_regular_file()) std::filesystem::rename(entry.path(), inner / entry.path().filename());
  }
  EXPECT_EQ(read_cifar10(folder.path()).folder, inner);
  EXPECT_EQ(read_cifar10(inner).train.count, 10);
  std::filesystem::remove(inner / "data_batch_4.bin");
  EXPECT_THAT(error(), AllOf(HasSubstr(inner.string()), HasSubstr("data_batch_4.bin"), Not(HasSubstr("batch_3"))));
}

TEST_F(Cifar10, GzipIsKnownByItsMagicNotItsName) {
  write("test_batch.bin", gzip_bytes(records({{9}, {0}, {3}}, 100)));  // compressed, named as if it were not
  remove("data_batch_2.bin");
  write("data_batch_2.bin.gz", gzip_bytes(records({{5}}, 4)));
  write("batches.meta.txt", gzip_bytes(text("a\nb\nc\nd\ne\nf\ng\nh\ni\nj")));
  const Cifar cifar = read_cifar10(folder.path());
  EXPECT_EQ(cifar.test.labels, (Bytes{9, 0, 3}));
  EXPECT_EQ(cifar.train.labels, (Bytes{1, 8, 5, 3, 6, 4, 5, 5, 4}));
  EXPECT_EQ(cifar.class_names[9], "j");
}

TEST_F(Cifar10, ClassesHaveNoNamesIfTheirFileIsMissing) {
  remove("batches.meta.txt");
  EXPECT_TRUE(read_cifar10(folder.path()).class_names.empty());
}

TEST_F(Cifar10, NamesAreOneForEachClass) {
  write("batches.meta.txt", text("a\r\nb\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh\r\ni\r\nj\r\n\r\n"));
  EXPECT_EQ(read_cifar10(folder.path()).class_names[3], "d");
  write("batches.meta.txt", text("a\nb\nc\n"));
  EXPECT_THAT(error(), AllOf(HasSubstr("batches.meta.txt"), HasSubstr("3 names"), HasSubstr("expected 10")));
  write("batches.meta.txt", text("a\nb\n\nd\ne\nf\ng\nh\ni\nj\n"));
  EXPECT_THAT(error(), AllOf(HasSubstr("line 3"), HasSubstr("empty")));
  write("batches.meta.txt", text("a\n\xff\nc\nd\ne\nf\ng\nh\ni\nj\n"));
  EXPECT_THAT(error(), AllOf(HasSubstr("line 2"), HasSubstr("UTF-8")));
  write("batches.meta.txt", text("a\nb\x1b[2J\nc\nd\ne\nf\ng\nh\ni\nj\n"));
  EXPECT_THAT(error(), HasSubstr("line 2"));
  write("batches.meta.txt", Bytes(70000, 'x'));
  EXPECT_THAT(error(), HasSubstr("at most 65536"));
}

TEST_F(Cifar10, NamesEveryFileThatIsMissing) {
  remove("data_batch_2.bin");
  remove("data_batch_5.bin");
  EXPECT_THAT(error(),
              AllOf(HasSubstr(folder.path().string()), HasSubstr("data_batch_2.bin"), HasSubstr("data_batch_5.bin"),
                    HasSubstr("cifar-10-binary.tar.gz"), Not(HasSubstr("data_batch_3")), Not(HasSubstr("Python"))));
}

TEST_F(Cifar10, ThePythonVersionIsToldFromTheBinaryOne) {
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) std::filesystem::remove(entry.path());
  write("data_batch_1", {0x80, 2});
  EXPECT_THAT(error(), AllOf(HasSubstr("Python version"), HasSubstr("cifar-10-binary.tar.gz")));
  remove("data_batch_1");
  std::filesystem::create_directory(folder.path() / "cifar-10-batches-py");
  EXPECT_THAT(error(), AllOf(HasSubstr("cifar-10-batches-py"), HasSubstr("cifar-10-binary.tar.gz")));
  write("cifar-10-binary.tar.gz", {0x1f});
  EXPECT_THAT(error(), HasSubstr("tar -xzf"));
}

TEST_F(Cifar10, APickleByTheBinaryNameIsToldToo) {
  Bytes pickle(3073, 0);
  pickle[0] = 0x80;
  pickle[1] = 2;
  write("data_batch_1.bin", pickle);
  EXPECT_THAT(error(), AllOf(HasSubstr("data_batch_1.bin: offset 0: label 128"), HasSubstr("Python version")));
}

TEST_F(Cifar10, RefusesLabelsThatAreNone) {
  write("data_batch_3.bin", records({{1}, {10}}));
  EXPECT_THAT(error(), AllOf(HasSubstr("data_batch_3.bin"), HasSubstr("offset 3073"), HasSubstr("label 10"),
                             HasSubstr("0 … 9")));
}

TEST_F(Cifar10, RefusesPartsOfRecordsPlainAndCompressed) {
  const Bytes whole = records({{9}, {0}}, 100);
  for (const std::size_t length : {0, 1, 2, 1000, 3072, 3074, 3075, 5000, 6145}) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    for (const bool compressed : {false, true}) {
      write("test_batch.bin", compressed ? gzip_bytes(cut) : cut);
      const std::string offset = length < 3073 ? "offset 0" : "offset 3073";
      EXPECT_THAT(error(), AllOf(HasSubstr("test_batch.bin"), HasSubstr(offset))) << length;
    }
  }
}

TEST_F(Cifar10, DamageOfACompressedFileIsNoticed) {
  Bytes plain(3073, 7);
  const Bytes whole = gzip_bytes(plain);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write("test_batch.bin", Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    EXPECT_THAT(error(), AllOf(HasSubstr("test_batch.bin"), HasSubstr("offset"))) << length;
  }
  Bytes damaged = whole;
  damaged[whole.size() - 6] ^= 1;  // of the checksum
  write("test_batch.bin", damaged);
  EXPECT_THAT(error(), HasSubstr("test_batch.bin"));
}

TEST_F(Cifar10, RefusesFoldersThatAreNone) {
  EXPECT_THAT(error_of([] { read_cifar10("/nowhere/at/all"); }), HasSubstr("/nowhere/at/all: is not a folder"));
  remove("test_batch.bin");
  std::filesystem::create_directory(folder.path() / "test_batch.bin");
  EXPECT_THAT(error(), HasSubstr("is a folder"));
}

TEST_F(Cifar100, HoldsFineLabels) {
  const Cifar cifar = read_cifar100(folder.path());
  EXPECT_EQ(cifar.classes, 100);
  EXPECT_EQ(cifar.train.labels, (Bytes{99, 0, 42}));
  EXPECT_EQ(cifar.test.labels, (Bytes{2, 4}));
  EXPECT_TRUE(cifar.class_names.empty());
  for (std::size_t i = 0; i < 2 * kPixels; ++i) {
    ASSERT_EQ(cifar.test.pixels[i], pixel(50 + i / kPixels, i % kPixels)) << i;
  }
}

TEST_F(Cifar100, HasNamesOfTheFineLabels) {
  std::string names;
  for (int i = 0; i < 100; ++i) names += "class" + std::to_string(i) + "\n";
  write("fine_label_names.txt", text(names));
  write("coarse_label_names.txt", text("unused\n"));
  EXPECT_EQ(read_cifar100(folder.path()).class_names[99], "class99");
}

TEST_F(Cifar100, RefusesLabelsThatAreNone) {
  write("test.bin", records({{1, 2}, {20, 4}}));
  EXPECT_THAT(error(), AllOf(HasSubstr("test.bin: offset 3074: coarse label 20"), HasSubstr("0 … 19")));
  write("test.bin", records({{1, 2}, {2, 100}}));
  EXPECT_THAT(error(), AllOf(HasSubstr("test.bin: offset 3075: fine label 100"), HasSubstr("0 … 99")));
}

TEST_F(Cifar100, RefusesRecordsOfTheOtherSet) {
  write("test.bin", records({{1}, {2}}));
  EXPECT_THAT(error(), AllOf(HasSubstr("test.bin"), HasSubstr("3074"), HasSubstr("6146")));
  write("test.bin", {});
  EXPECT_THAT(error(), AllOf(HasSubstr("test.bin"), HasSubstr("empty")));
}

TEST_F(Cifar100, SaysWhichArchiveIsWanted) {
  remove("train.bin");
  EXPECT_THAT(error(), AllOf(HasSubstr("train.bin"), HasSubstr("cifar-100-binary.tar.gz")));
  remove("test.bin");
  write("meta", {0x80, 2});
  EXPECT_THAT(error(), AllOf(HasSubstr("Python version"), HasSubstr("cifar-100-binary.tar.gz")));
}

}  // namespace
}  // namespace thalweg::lab
