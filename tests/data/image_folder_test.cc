// Folders of images: classes are folders, parts are train and test; what does not fit is refused by name.
#include "data/image_folder.h"

#include "data/dataset.h"

#include "error_of.h"
#include "image_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace thalweg::lab {
namespace {

using test::Bytes;
using test::jpeg_bytes;
using test::png_bytes;
using test::TemporaryFolder;
using test::write_bytes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::error_of;

Bytes grey(std::uint8_t value) { return png_bytes(3, 2, Bytes(6, value)); }

class ImageFolderTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const Bytes& bytes) {
    const std::filesystem::path file = folder.path() / name;
    std::filesystem::create_directories(file.parent_path());
    write_bytes(file, bytes);
  }
  void write_classes(const std::string& prefix = "") {
    write(prefix + "cat/b.png", grey(2));
    write(prefix + "cat/a.PNG", grey(1));
    write(prefix + "Dog/x.png", grey(3));
    write(prefix + "ant/one", grey(4));
  }
  ImageFolder read() const { return read_image_folder(folder.path()); }
  std::string error() const {
    return error_of([this] { read(); });
  }
  TemporaryFolder folder;
};

TEST_F(ImageFolderTest, HoldsTheImagesOrderedByClassAndName) {
  write_classes();
  const ImageFolder images = read();
  EXPECT_EQ(images.channels, 1);
  EXPECT_EQ(images.height, 2);
  EXPECT_EQ(images.width, 3);
  EXPECT_THAT(images.class_names, ElementsAre("Dog", "ant", "cat"));
  EXPECT_FALSE(images.test);
  EXPECT_EQ(images.train.count, 4);
  EXPECT_THAT(images.train.labels, ElementsAre(0, 1, 2, 2));
  EXPECT_THAT(images.train.files, ElementsAre("Dog/x.png", "ant/one", "cat/a.PNG", "cat/b.png"));
  ASSERT_EQ(images.train.pixels.size(), 24u);
  for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(images.train.pixels[i], (Bytes{3, 4, 1, 2}[i / 6])) << i;
}

TEST_F(ImageFolderTest, PixelsOutliveTheSetThatReadThem) {
  write_classes();
  const ImageFolderPart part = read().train;
  EXPECT_EQ(part.pixels[23], 2);
}

TEST_F(ImageFolderTest, TrainAndTestArePartsIfTheyHoldFolders) {
  write_classes("train/");
  write("test/cat/t.png", grey(9));
  write("val/cat/v.gif", {1});  // left alone
  const ImageFolder images = read();
  EXPECT_THAT(images.class_names, ElementsAre("Dog", "ant", "cat"));
  EXPECT_EQ(images.train.count, 4);
  EXPECT_EQ(images.train.files[0], "train/Dog/x.png");
  ASSERT_TRUE(images.test);
  EXPECT_EQ(images.test->count, 1);
  EXPECT_THAT(images.test->labels, ElementsAre(2));
  EXPECT_THAT(images.test->files, ElementsAre("test/cat/t.png"));
  EXPECT_EQ(images.test->pixels[0], 9);
}

TEST_F(ImageFolderTest, LabelsAreOfTheClassesThatAreGiven) {
  write("cat/a.png", grey(1));
  write("ant/a.png", grey(2));
  const std::vector<std::string> trained{"Dog", "ant", "bee", "cat"};
  const ImageFolder images = read_image_folder(folder.path(), trained);
  EXPECT_EQ(images.class_names, trained);
  EXPECT_THAT(images.train.labels, ElementsAre(1, 3));
  write("eel/a.png", grey(3));
  EXPECT_THAT(error_of([&] { read_image_folder(folder.path(), trained); }), HasSubstr("eel: there is no class"));
  // As a data set that was trained on keeps them.
  const Dataset dataset = open_dataset("images:" + folder.path().string());
  EXPECT_THAT(dataset.schema.at("classes"), ElementsAre("ant", "cat", "eel"));
}

TEST_F(ImageFolderTest, TrainIsAClassIfItHoldsImages) {
  write("train/a.png", grey(1));
  write("car/a.png", grey(2));
  EXPECT_THAT(read().class_names, ElementsAre("car", "train"));
}

TEST_F(ImageFolderTest, PartsMustBelongTogether) {
  write_classes("train/");
  EXPECT_THAT(error(), AllOf(HasSubstr("train"), HasSubstr("no test")));
  write("test/cow/a.png", grey(1));
  EXPECT_THAT(error(), AllOf(HasSubstr("test/cow"), HasSubstr("no class")));
  std::filesystem::remove_all(folder.path() / "test/cow");
  EXPECT_THAT(error(), HasSubstr("test: holds no folder"));
  write("test/cat/a.png", png_bytes(2, 2, Bytes(4)));
  EXPECT_THAT(error(), AllOf(HasSubstr("test/cat/a.png: 2 × 2"), HasSubstr("train/Dog/x.png has 3 × 2")));
}

TEST_F(ImageFolderTest, OneColourImageMakesAllColours) {
  write("train/a/1.png", grey(1));
  write("train/a/2.png", grey(2));
  write("train/b/1.png", png_bytes(3, 2, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}));
  write("train/b/2.png", grey(4));
  write("test/b/1.png", grey(5));
  const ImageFolder images = read();
  EXPECT_EQ(images.channels, 3);
  const auto image = [](const ImageFolderPart& part, std::size_t i) {
    return Bytes(part.pixels.begin() + static_cast<std::ptrdiff_t>(18 * i),
                 part.pixels.begin() + static_cast<std::ptrdiff_t>(18 * i + 18));
  };
  ASSERT_EQ(images.train.pixels.size(), 4u * 18);
  EXPECT_EQ(image(images.train, 0), Bytes(18, 1));
  EXPECT_EQ(image(images.train, 1), Bytes(18, 2));
  EXPECT_EQ(image(images.train, 2), (Bytes{1, 4, 7, 10, 13, 16, 2, 5, 8, 11, 14, 17, 3, 6, 9, 12, 15, 18}));
  EXPECT_EQ(image(images.train, 3), Bytes(18, 4));
  ASSERT_EQ(images.test->pixels.size(), 18u);
  EXPECT_EQ(image(*images.test, 0), Bytes(18, 5));
  // The other way round: the only colours are those of the test part.
  write("train/b/1.png", grey(3));
  write("test/b/1.png", png_bytes(3, 2, Bytes(18, 7)));
  EXPECT_EQ(read().channels, 3);
  EXPECT_EQ(read().train.pixels.size(), 4u * 18);
}

TEST_F(ImageFolderTest, FilesAreKnownByTheirContents) {
  write("a/1.jpg", grey(1));
  write("a/2.png", jpeg_bytes({.width = 3, .height = 2, .pixels = Bytes(6, 77)}));
  const ImageFolder images = read();
  EXPECT_EQ(images.train.pixels[0], 1);
  EXPECT_EQ(images.train.pixels[6], 77);
}

TEST_F(ImageFolderTest, WhatFileManagersLeaveIsIgnored) {
  write_classes();
  write("cat/.DS_Store", {1});
  write("cat/._b.png", {1});
  write("cat/Thumbs.db", {1});
  write("cat/desktop.ini", {1});
  write(".git/objects/a", {1});
  write("__MACOSX/cat/b.png", {1});
  write("README.md", {1});
  EXPECT_EQ(read().train.count, 4);
}

TEST_F(ImageFolderTest, RefusesDifferentSizesWithBothFiles) {
  write_classes();
  write("cat/c.png", png_bytes(2, 3, Bytes(6)));
  EXPECT_THAT(error(), AllOf(HasSubstr("cat/c.png: 2 × 3"), HasSubstr("Dog/x.png has 3 × 2"),
                             HasSubstr("mogrify -resize '3x2!'")));
}

TEST_F(ImageFolderTest, RefusesWhatIsNoImage) {
  write_classes();
  write("cat/c.gif", {'G', 'I', 'F', '8'});
  EXPECT_THAT(error(), AllOf(HasSubstr("cat/c.gif"), HasSubstr("neither PNG nor JPEG")));
  Bytes cut = grey(1);
  cut.resize(cut.size() - 1);
  write("cat/c.gif", cut);
  EXPECT_THAT(error(), AllOf(HasSubstr("cat/c.gif"), HasSubstr("the file ends too early")));
  write("cat/c.gif", {});
  EXPECT_THAT(error(), AllOf(HasSubstr("cat/c.gif"), HasSubstr("is empty")));
  std::filesystem::remove(folder.path() / "cat/c.gif");
  ASSERT_EQ(mkfifo((folder.path() / "cat/pipe").c_str(), 0600), 0);
  EXPECT_THAT(error(), AllOf(HasSubstr("cat/pipe"), HasSubstr("is a pipe")));
  std::filesystem::remove(folder.path() / "cat/pipe");
  std::filesystem::create_symlink("nowhere", folder.path() / "cat/link");
  EXPECT_THAT(error(), AllOf(HasSubstr("cat/link"), HasSubstr("No such file")));
  std::filesystem::remove(folder.path() / "cat/link");
  std::filesystem::create_directory(folder.path() / "cat/more");
  EXPECT_THAT(error(), AllOf(HasSubstr("cat/more"), HasSubstr("folder within a class")));
}

TEST_F(ImageFolderTest, RefusesFilesThatAreTooLong) {
  write_classes();
  std::filesystem::resize_file(folder.path() / "cat/a.PNG", std::uint64_t{1} << 40);  // sparse
  EXPECT_THAT(error(), AllOf(HasSubstr("cat/a.PNG"), HasSubstr("1099511627776 bytes")));
}

// 65 images of 16384 × 16384 are more than 16 GiB; that is told before the first is decoded.
TEST_F(ImageFolderTest, RefusesMorePixelsThanItReads) {
  const Bytes large = png_bytes({.width = 16384, .height = 16384, .bits = 1, .rows = Bytes(std::size_t{1} << 25)});
  write("a/00.png", large);
  for (int i = 1; i < 65; ++i) write("a/" + std::to_string(10 + i) + ".png", {});
  EXPECT_THAT(error(), AllOf(HasSubstr("65 images"), HasSubstr("17179869184")));
}

TEST_F(ImageFolderTest, RefusesFoldersWithoutClasses) {
  EXPECT_THAT(error(), AllOf(HasSubstr(folder.path().string()), HasSubstr("CLASS/FILE")));
  write("a.png", grey(1));
  EXPECT_THAT(error(), HasSubstr("CLASS/FILE"));
  EXPECT_THAT(error_of([] { read_image_folder("/nowhere/at/all"); }), HasSubstr("/nowhere/at/all: is not a folder"));
  std::filesystem::create_directory(folder.path() / "empty");
  EXPECT_THAT(error(), AllOf(HasSubstr("empty"), HasSubstr("no image")));
}

TEST_F(ImageFolderTest, RefusesMoreClassesThanLabelsCanTell) {
  for (int i = 0; i < 257; ++i) write(std::to_string(i) + "/a.png", grey(1));
  EXPECT_THAT(error(), AllOf(HasSubstr("257 folders"), HasSubstr("256")));
  std::filesystem::remove_all(folder.path() / "0");
  EXPECT_EQ(read().train.labels.back(), 255);
}

TEST_F(ImageFolderTest, RefusesNamesThatCannotBePrinted) {
  write("a\n/a.png", grey(1));
  EXPECT_THAT(error(), HasSubstr("printable"));
}

}  // namespace
}  // namespace thalweg::lab
