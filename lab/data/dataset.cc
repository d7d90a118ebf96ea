// Dataset: labelled images, found in a folder, checked and kept as bytes.
#include "data/dataset.h"

#include "data/fingerprint.h"
#include "data/idx.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr const char* kFashionFolder = "/usr/share/datasets/fashion-mnist";
constexpr std::string_view kIdxPrefix = "idx:";
constexpr std::int64_t kUsualClasses = 10;  // MNIST, Fashion-MNIST, KMNIST

// `train-images-idx3-ubyte`; some copies write `train-images.idx3-ubyte`, and all may be compressed.
std::vector<std::string> names_of(const char* part, const char* kind, const char* idx) {
  std::vector<std::string> names;
  for (const char* const separator : {"-", "."}) {
    for (const char* const end : {"", ".gz"}) {
      names.push_back(fmt::format("{}-{}{}{}-ubyte{}", part, kind, separator, idx, end));
    }
  }
  return names;
}

// Whatever goes by one of the names; of a folder that does, as Kaggle's copy of MNIST has them, the files in it that
// do.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder,
                                            const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> files, inside;
  for (const std::string& name : names) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder / name, ignored)) {
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

struct FoundFile {
  std::filesystem::path path;
  IdxFile contents;
};

// One file of a part: the first that can be read. If none can, what is wrong with the first.
FoundFile read_file_of(const std::filesystem::path& folder, const char* part, const char* kind, const char* idx,
                       std::size_t dimensions) {
  const std::vector<std::string> names = names_of(part, kind, idx);
  std::optional<Error> first;
  for (const std::filesystem::path& file : files_of(folder, names)) {
    try {
      return {file, read_idx(file, dimensions)};
    } catch (const Error& error) {
      if (!first) first = error;
    }
  }
  if (first) throw Error(*first);
  for (const std::string& name : names) {
    if (std::filesystem::is_directory(folder / name)) {
      throw Error(fmt::format("{}: is a folder, and holds no file {}", (folder / name).string(), name));
    }
  }
  throw Error(fmt::format("{}: there is no {} nor {}", folder.string(), names[0], names[1]));
}

struct Part {
  ImageSet set;
  std::int64_t height = 0, width = 0;
};

// Labels must be below `classes`.
Part read_part(const std::filesystem::path& folder, const char* part, std::int64_t classes) {
  auto [image_file, images] = read_file_of(folder, part, "images", "idx3", 3);
  const auto [label_file, labels] = read_file_of(folder, part, "labels", "idx1", 1);
  if (images.shape[0] != labels.shape[0]) {
    throw Error(fmt::format("{}: offset 4: {} labels, but {} has {} images", label_file.string(), labels.shape[0],
                            image_file.string(), images.shape[0]));
  }
  const auto wrong =
      std::find_if(labels.bytes.begin(), labels.bytes.end(), [&](std::uint8_t label) { return label >= classes; });
  if (wrong != labels.bytes.end()) {
    throw Error(fmt::format("{}: offset {}: label {} is outside 0 … {}", label_file.string(),
                            labels.offset + (wrong - labels.bytes.begin()), *wrong, classes - 1));
  }
  Part result;
  result.set.owner = std::move(images.owner);
  result.set.pixels = images.bytes;
  result.set.labels.assign(labels.bytes.begin(), labels.bytes.end());
  result.set.count = images.shape[0];
  result.height = images.shape[1];
  result.width = images.shape[2];
  return result;
}

std::int64_t highest_label(const Part& part) {
  return *std::max_element(part.set.labels.begin(), part.set.labels.end());
}

// `classes` 0: as many as the labels show.
Dataset open_idx(const std::filesystem::path& folder, std::int64_t classes) {
  Dataset dataset;
  dataset.origin = std::filesystem::absolute(folder).lexically_normal().string();
  Part train = read_part(folder, "train", classes > 0 ? classes : kMostClasses);
  // A small part of a known set may lack its highest classes, so a test label beyond those of the training part is no
  // error among the usual ten; beyond them, it tells that the two parts are of different sets.
  Part test = read_part(folder, "t10k", classes > 0 ? classes : std::max(kUsualClasses, highest_label(train) + 1));
  if (classes == 0) classes = 1 + std::max(highest_label(train), highest_label(test));
  if (test.height != train.height || test.width != train.width) {
    throw Error(fmt::format("{}: test images are {} × {} pixels, training images {} × {}", folder.string(), test.height,
                            test.width, train.height, train.width));
  }
  dataset.height = train.height;
  dataset.width = train.width;
  dataset.classes = classes;
  dataset.train = std::move(train.set);
  dataset.test = std::move(test.set);
  dataset.fingerprint = fingerprint_of(dataset);
  return dataset;
}

Dataset open_fashion_mnist() {
  if (!std::filesystem::is_directory(kFashionFolder)) {
    throw Error(fmt::format(
        "fashion-mnist: {} is missing; `apt install dataset-fashion-mnist` brings it, or name the folder of "
        "another copy: `--data idx:FOLDER`",
        kFashionFolder));
  }
  Dataset dataset = open_idx(kFashionFolder, kUsualClasses);
  dataset.class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                         "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  return dataset;
}

}  // namespace

std::optional<std::string> idx_folder(const std::string& spec) {
  if (!spec.starts_with(kIdxPrefix)) return std::nullopt;
  return spec.substr(kIdxPrefix.size());
}

std::string idx_spec(const std::string& folder) { return std::string(kIdxPrefix) + folder; }

Dataset open_dataset(const std::string& spec) {
  Dataset dataset;
  if (spec == "fashion-mnist") {
    dataset = open_fashion_mnist();
  } else if (const std::optional<std::string> folder = idx_folder(spec)) {
    if (!std::filesystem::is_directory(*folder)) {
      throw Error(fmt::format("{}: '{}' is not a folder; expected one with files named as MNIST's", spec, *folder));
    }
    dataset = open_idx(*folder, 0);
  } else {
    throw Error(fmt::format("unknown data set '{}'{}", spec, suggest(spec, dataset_names())));
  }
  dataset.name = spec;
  return dataset;
}

std::vector<std::string> dataset_names() { return {"fashion-mnist", "idx:FOLDER"}; }

Normalisation measure(const Dataset& dataset, const ImageSet& set, std::span<const std::int64_t> indices) {
  const auto size = static_cast<std::size_t>(dataset.pixels_per_image());
  if (indices.empty() || size == 0) return {};
  // Sums of bytes are exact in integers, so neither order nor threads could move a bit.
  std::uint64_t sum = 0, squares = 0;
  for (const std::int64_t index : indices) {
    const std::uint8_t* const pixels = set.pixels.data() + static_cast<std::size_t>(index) * size;
    for (std::size_t begin = 0; begin < size;) {
      const std::size_t end = std::min(size, begin + 32768);  // 32768 · 255² stays below 2³²
      std::uint32_t block = 0, block_squares = 0;
      for (; begin < end; ++begin) {
        const std::uint32_t pixel = pixels[begin];
        block += pixel;
        block_squares += pixel * pixel;
      }
      sum += block;
      squares += block_squares;
    }
  }
  const double count = static_cast<double>(indices.size()) * static_cast<double>(size);
  const double mean = static_cast<double>(sum) / count;
  const double variance = static_cast<double>(squares) / count - mean * mean;
  Normalisation result{.mean = mean / 255, .deviation = std::sqrt(std::max(variance, 0.0)) / 255};
  // Images of one grey everywhere: there is nothing to scale.
  if (result.deviation < 1e-6) result.deviation = 1;
  return result;
}

}  // namespace thalweg::lab
