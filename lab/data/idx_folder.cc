// Folders with a data set in IDX files: MNIST and what is named as it, EMNIST, QMNIST.
#include "data/idx_folder.h"

#include "data/content_reader.h"
#include "data/emnist.h"
#include "data/idx.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::int64_t kMostClasses = 62;   // EMNIST: digits and letters in both cases
constexpr std::int64_t kUsualClasses = 10;  // MNIST, Fashion-MNIST, KMNIST
constexpr std::string_view kQmnist = "qmnist";
constexpr std::string_view kTrainImages = "-train-images-idx3-ubyte";

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

bool is_set_name(std::string_view name) { return name == kQmnist || emnist_split(name).has_value(); }

// A set's four files by all names that they may have. `train-images-idx3-ubyte`; some copies write
// `train-images.idx3-ubyte`, and all may be compressed.
struct Names {
  std::string prefix;  // of the set; empty for MNIST's

  std::vector<std::string> images(bool train) const { return all(train, "images", "idx3-ubyte"); }
  std::vector<std::string> labels(bool train) const {
    return all(train, "labels", prefix == kQmnist ? "idx2-int" : "idx1-ubyte");
  }

 private:
  std::vector<std::string> all(bool train, const char* kind, const char* type) const {
    const char* const part = train ? "train" : prefix.empty() ? "t10k" : "test";
    std::vector<std::string> names;
    for (const char* const separator : {"-", "."}) {
      for (const char* const end : {"", ".gz"}) {
        names.push_back(
            fmt::format("{}{}{}-{}{}{}{}", prefix, prefix.empty() ? "" : "-", part, kind, separator, type, end));
      }
    }
    return names;
  }
};

// Whatever goes by one of the names; of a folder that does, as Kaggle's copy of MNIST has them, the files in it that
// do.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder,
                                            const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> files, inside;
  for (const std::string& name : names) {
    std::error_code ignored;
    if (!is_folder(folder / name)) {
      if (std::filesystem::exists(folder / name, ignored)) files.push_back(folder / name);
      continue;
    }
    for (const std::string& own : names) {
      const std::filesystem::path file = folder / name / own;
      if (std::filesystem::is_regular_file(file, ignored)) inside.push_back(file);
    }
  }
  files.insert(files.end(), inside.begin(), inside.end());
  return files;
}

// One file of a part by `read`: the first that can be read, and what it is. If none can, what is wrong with the first.
template <class Read>
auto read_first(const std::filesystem::path& folder, const std::vector<std::string>& names, const Read& read) {
  std::optional<Error> first;
  for (const std::filesystem::path& file : files_of(folder, names)) {
    try {
      return std::pair(file, read(file));
    } catch (const Error& error) {
      if (!first) first = error;
    }
  }
  if (first) throw Error(*first);
  for (const std::string& name : names) {
    if (is_folder(folder / name)) {
      throw Error(fmt::format("{}: is a folder, and holds no file {}", (folder / name).string(), name));
    }
  }
  throw Error(fmt::format("{}: there is no {} nor {}", folder.string(), names[0], names[1]));
}

// The sets with a prefix whose training images are in the folder.
std::set<std::string> prefixes_in(const std::filesystem::path& folder) {
  std::set<std::string> prefixes;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    const std::size_t end = name.find(kTrainImages);
    if (end == std::string::npos) continue;
    if (std::string prefix = name.substr(0, end); is_set_name(prefix)) prefixes.insert(std::move(prefix));
  }
  if (error) throw Error(fmt::format("{}: {}", folder.string(), error.message()));
  return prefixes;
}

struct Place {
  std::filesystem::path folder;
  Names names;
};

Place find_set(const std::filesystem::path& path) {
  if (!is_folder(path)) {
    if (is_idx_folder(path)) return {path.parent_path(), {path.filename().string()}};
    throw Error(fmt::format("{}: is not a folder; expected one with files named as MNIST's, EMNIST's or QMNIST's",
                            path.string()));
  }
  const Names mnist;
  for (const std::vector<std::string>& names :
       {mnist.images(true), mnist.labels(true), mnist.images(false), mnist.labels(false)}) {
    if (!files_of(path, names).empty()) return {path, mnist};
  }
  const std::set<std::string> prefixes = prefixes_in(path);
  if (prefixes.size() > 1) {
    throw Error(fmt::format("{}: holds {} data sets ({}); name one of them, for example {}", path.string(),
                            prefixes.size(), fmt::join(prefixes, ", "), (path / *prefixes.begin()).string()));
  }
  // Without any, what is missing is told of MNIST's names.
  return {path, prefixes.empty() ? mnist : Names{*prefixes.begin()}};
}

struct Part {
  LabelledImages part;
  std::int64_t height = 0, width = 0;
};

// Rows become columns. The bytes of the file are given up.
void transpose(const std::filesystem::path& file, Part& part) {
  const ByteBuffer buffer = allocate_bytes(file, part.part.pixels.size());
  const auto height = static_cast<std::size_t>(part.height), width = static_cast<std::size_t>(part.width);
  for (std::size_t image = 0; image < part.part.pixels.size(); image += height * width) {
    for (std::size_t i = 0; i < height; ++i) {
      for (std::size_t k = 0; k < width; ++k) {
        buffer.bytes[image + k * height + i] = part.part.pixels[image + i * width + k];
      }
    }
  }
  part.part.owner = buffer.owner;
  part.part.pixels = buffer.bytes;
  std::swap(part.height, part.width);
}

// Labels must be within [first, first + classes), and become those from 0 on.
Part read_part(const Place& place, bool train, std::int64_t first, std::int64_t classes, std::uint64_t map_from) {
  auto [image_file, images] =
      read_first(place.folder, place.names.images(train),
                 [&](const std::filesystem::path& file) { return read_idx(file, 3, map_from); });
  auto [label_file, labels] =
      read_first(place.folder, place.names.labels(train),
                 [&](const std::filesystem::path& file) { return read_idx_labels(file, map_from); });
  if (images.shape[0] != static_cast<std::int64_t>(labels.labels.size())) {
    throw Error(fmt::format("{}: offset 4: {} labels, but {} has {} images", label_file.string(), labels.labels.size(),
                            image_file.string(), images.shape[0]));
  }
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    std::uint8_t& label = labels.labels[i];
    if (label < first || label >= first + classes) {
      fail_at(label_file, static_cast<std::uint64_t>(labels.offset_of(i)),
              fmt::format("label {} is outside {} … {}", label, first, first + classes - 1));
    }
    label = static_cast<std::uint8_t>(label - first);
  }
  Part result;
  result.part.owner = std::move(images.owner);
  result.part.pixels = images.bytes;
  result.part.labels = std::move(labels.labels);
  result.part.count = images.shape[0];
  result.height = images.shape[1];
  result.width = images.shape[2];
  if (emnist_split(place.names.prefix)) transpose(image_file, result);
  return result;
}

std::int64_t highest_label(const Part& part) {
  return *std::max_element(part.part.labels.begin(), part.part.labels.end());
}

}  // namespace

bool is_idx_folder(const std::filesystem::path& path) {
  if (is_folder(path)) return true;
  if (!is_set_name(path.filename().string())) return false;
  return is_folder(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

IdxFolder read_idx_folder(const std::filesystem::path& path, std::int64_t classes, std::uint64_t map_from) {
  Place place = find_set(path);
  if (place.folder.empty()) place.folder = ".";
  IdxFolder result;
  std::int64_t first = 0;
  if (const std::optional<std::string> split = emnist_split(place.names.prefix)) {
    const EmnistClasses known = emnist_classes(place.folder, *split);
    first = known.first_label;
    result.class_names = known.names;
    if (classes == 0) classes = static_cast<std::int64_t>(known.names.size());
  }
  Part train = read_part(place, true, first, classes > 0 ? classes : kMostClasses, map_from);
  // A small part of a known set may lack its highest classes, so a test label beyond those of the training part is no
  // error among the usual ten; beyond them, it tells that the two parts are of different sets.
  Part test = read_part(place, false, first, classes > 0 ? classes : std::max(kUsualClasses, highest_label(train) + 1),
                        map_from);
  if (classes == 0) classes = 1 + std::max(highest_label(train), highest_label(test));
  if (test.height != train.height || test.width != train.width) {
    throw Error(fmt::format("{}: test images are {} × {} pixels, training images {} × {}", place.folder.string(),
                            test.height, test.width, train.height, train.width));
  }
  result.folder = std::move(place.folder);
  result.prefix = std::move(place.names.prefix);
  result.height = train.height;
  result.width = train.width;
  result.classes = classes;
  result.train = std::move(train.part);
  result.test = std::move(test.part);
  return result;
}

}  // namespace thalweg::lab
