// Folders of images, one folder for each class: PNG and JPEG files, read completely.
#include "data/image_folder.h"

#include "data/content_reader.h"
#include "data/folder_listing.h"
#include "data/image.h"
#include "data/input_file.h"
#include "data/utf8_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::size_t kMostClasses = 256;  // labels are bytes
constexpr std::uint64_t kMostFileBytes = std::uint64_t{1} << 32;

// What file managers leave behind.
bool is_ignored(std::string_view name) {
  return name.starts_with('.') || name == "Thumbs.db" || name == "thumbs.db" || name == "desktop.ini" ||
         name == "__MACOSX";
}

// What leads nowhere is no folder; reading it says what is wrong.
FolderListing list(const std::filesystem::path& folder) {
  return list_folder(folder, [](const std::string& name, bool) { return !is_ignored(name); });
}

constexpr const char* kTrainedOn = "the data that the model was trained on";

struct ImageFile {
  std::string name;  // relative to the whole folder
  std::uint8_t label = 0;
};

// The images of one part's classes; `prefix` is the part's folder, relative to the whole one, or empty.
std::vector<ImageFile> find_images(const std::filesystem::path& folder, const std::string& prefix,
                                   const std::vector<std::string>& part_classes,
                                   const std::vector<std::string>& class_names, const std::string& whose) {
  std::vector<ImageFile> images;
  for (const std::string& name : part_classes) {
    const std::filesystem::path class_folder = folder / prefix / name;
    const auto place = std::lower_bound(class_names.begin(), class_names.end(), name);
    if (place == class_names.end() || *place != name) {
      throw Error(fmt::format("{}: there is no class of this name in {}", class_folder.string(), whose));
    }
    FolderListing listing = list(class_folder);
    if (!listing.folders.empty()) {
      throw Error(fmt::format("{}: is a folder within a class; expected images alone (parts are named train and test)",
                              (class_folder / listing.folders[0]).string()));
    }
    if (listing.files.empty()) {
      throw Error(fmt::format("{}: the class holds no image; add some or remove the folder", class_folder.string()));
    }
    for (const std::string& file : listing.files) {
      images.push_back({.name = (std::filesystem::path(prefix) / name / file).string(),
                        .label = static_cast<std::uint8_t>(place - class_names.begin())});
    }
  }
  return images;
}

void check_classes(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  if (names.empty()) {
    throw Error(
        fmt::format("{}: holds no folder; expected CLASS/FILE, or train/CLASS/FILE and test/CLASS/FILE, with PNG "
                    "or JPEG files",
                    folder.string()));
  }
  if (names.size() > kMostClasses) {
    throw Error(
        fmt::format("{}: {} folders; at most {} classes are read", folder.string(), names.size(), kMostClasses));
  }
  for (const std::string& name : names) {
    if (!is_printable(name)) {
      throw Error(
          fmt::format("{}: a folder's name is not printable UTF-8; it would be a class", (folder / name).string()));
    }
  }
}

struct Part {
  std::vector<ImageFile> images;
  std::vector<std::uint8_t> pixels;
};

// Decodes images, all of one size, and puts them one behind another.
class Decoder {
 public:
  Decoder(const std::filesystem::path& folder, std::vector<Part*> parts) : folder_(folder), parts_(std::move(parts)) {}

  // What all images are.
  ImageSize decode() {
    try {
      for (Part* const part : parts_) {
        for (const ImageFile& image : part->images) append(*part, image);
      }
    } catch (const std::bad_alloc&) {
      fail_of_memory(folder_, fmt::format("{} images", count()));
    }
    return size_;
  }

 private:
  std::uint64_t count() const {
    std::uint64_t count = 0;
    for (const Part* const part : parts_) count += part->images.size();
    return count;
  }

  void append(Part& part, const ImageFile& image) {
    const std::filesystem::path file = folder_ / image.name;
    InputFile input(file);
    if (input.size() > kMostFileBytes) {
      throw Error(
          fmt::format("{}: has {} bytes; images of at most {} are read", file.string(), input.size(), kMostFileBytes));
    }
    const std::vector<std::byte> contents = input.read_all();
    const std::span<const std::uint8_t> encoded{reinterpret_cast<const std::uint8_t*>(contents.data()),
                                                contents.size()};
    const ImageSize size = image_size(file, encoded);
    if (first_.empty()) {
      first_ = file;
      set_size(size);
    }
    if (size.height != size_.height || size.width != size_.width) {
      throw Error(fmt::format(
          "{}: {} × {} pixels (width × height), but {} has {} × {}; all images must have one size: ImageMagick's "
          "`mogrify -resize '{}x{}!' FILE…` changes files in place",
          file.string(), size.width, size.height, first_.string(), size_.width, size_.height, size_.width,
          size_.height));
    }
    if (size.channels > size_.channels) make_colours();
    const std::size_t begin = part.pixels.size(), plane = plane_bytes();
    part.pixels.resize(begin + size_.bytes());
    const std::span<std::uint8_t> pixels = std::span(part.pixels).subspan(begin);
    decode_image(file, encoded, pixels.first(size.bytes()));
    for (std::size_t at = size.bytes(); at < pixels.size(); at += plane) {  // grey among colours
      std::copy_n(pixels.begin(), plane, pixels.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }

  std::size_t plane_bytes() const { return static_cast<std::size_t>(size_.height * size_.width); }

  // Before any is decoded: would they all fit?
  void set_size(const ImageSize& size) {
    size_ = size;
    if (count() > kMostPixelBytes / size.bytes()) {
      throw Error(
          fmt::format("{}: {} images of {} × {} × {} bytes (channels × height × width) are more than the {} that "
                      "are read",
                      folder_.string(), count(), size.channels, size.height, size.width, kMostPixelBytes));
    }
    for (Part* const part : parts_) part->pixels.reserve(part->images.size() * size.bytes());
  }

  // All have been grey so far.
  void make_colours() {
    const std::size_t plane = plane_bytes();
    std::vector<std::vector<std::uint8_t>> grey;
    for (Part* const part : parts_) grey.push_back(std::move(part->pixels));
    for (Part* const part : parts_) part->pixels.clear();
    size_.channels = 3;
    set_size(size_);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      for (std::size_t begin = 0; begin < grey[i].size(); begin += plane) {
        const auto image = grey[i].begin() + static_cast<std::ptrdiff_t>(begin);
        for (int channel = 0; channel < 3; ++channel) {
          parts_[i]->pixels.insert(parts_[i]->pixels.end(), image, image + static_cast<std::ptrdiff_t>(plane));
        }
      }
    }
  }

  const std::filesystem::path& folder_;
  std::vector<Part*> parts_;
  std::filesystem::path first_;  // that was read
  ImageSize size_;
};

ImageFolderPart finish(Part part) {
  ImageFolderPart result;
  result.count = static_cast<std::int64_t>(part.images.size());
  for (ImageFile& image : part.images) {
    result.labels.push_back(image.label);
    result.files.push_back(std::move(image.name));
  }
  const auto owner = std::make_shared<const std::vector<std::uint8_t>>(std::move(part.pixels));
  result.pixels = *owner;
  result.owner = owner;
  return result;
}

// Is `train` a part, and not a class of trains?
bool has_parts(const std::filesystem::path& folder, const FolderListing& listing) {
  return std::binary_search(listing.folders.begin(), listing.folders.end(), "train") &&
         !list(folder / "train").folders.empty();
}

}  // namespace

ImageFolder read_image_folder(const std::filesystem::path& folder, const std::vector<std::string>& classes) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw Error(
        fmt::format("{}: is not a folder; expected one that holds a folder of images for each class", folder.string()));
  }
  ImageFolder result;
  const FolderListing listing = list(folder);
  Part train, test;
  std::vector<Part*> parts{&train};
  if (has_parts(folder, listing)) {
    if (!std::binary_search(listing.folders.begin(), listing.folders.end(), "test")) {
      throw Error(
          fmt::format("{}: there is train, but no test; name the folder of the test images so", folder.string()));
    }
    const std::vector<std::string> train_classes = list(folder / "train").folders;
    check_classes(folder / "train", train_classes);
    result.class_names = classes.empty() ? train_classes : classes;
    const std::vector<std::string> test_classes = list(folder / "test").folders;
    check_classes(folder / "test", test_classes);
    const std::string whose = classes.empty() ? (folder / "train").string() : kTrainedOn;
    train.images = find_images(folder, "train", train_classes, result.class_names, whose);
    test.images = find_images(folder, "test", test_classes, result.class_names, whose);
    parts.push_back(&test);
  } else {
    check_classes(folder, listing.folders);
    result.class_names = classes.empty() ? listing.folders : classes;
    train.images = find_images(folder, "", listing.folders, result.class_names, kTrainedOn);
  }
  const ImageSize size = Decoder(folder, parts).decode();
  result.channels = size.channels;
  result.height = size.height;
  result.width = size.width;
  if (parts.size() > 1) result.test = finish(std::move(test));
  result.train = finish(std::move(train));
  return result;
}

}  // namespace thalweg::lab
