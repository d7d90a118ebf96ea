// Dataset: labelled images, kept as bytes; normalised batch by batch.
#include "data/dataset.h"

#include "data/fingerprint.h"
#include "data/idx.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string_view>

namespace thalweg::lab {

namespace {

constexpr const char* kFashionFolder = "/usr/share/datasets/fashion-mnist";
constexpr std::string_view kIdxPrefix = "idx:";
constexpr std::int64_t kUsualClasses = 10;  // MNIST, Fashion-MNIST, KMNIST
constexpr std::int64_t kMostClasses = 62;   // EMNIST: digits and letters in both cases

// The file of one part, under any of the names in use: `train-images-idx3-ubyte`, some copies write `images.idx3`.
std::filesystem::path find_file(const std::filesystem::path& folder, const char* part, const char* kind,
                                const char* idx) {
  for (const char* const separator : {"-", "."}) {
    for (const char* const end : {"", ".gz"}) {
      std::filesystem::path file = folder / fmt::format("{}-{}{}{}-ubyte{}", part, kind, separator, idx, end);
      if (std::filesystem::exists(file)) return file;
    }
  }
  throw Error(fmt::format("{}: there is no {}-{}-{}-ubyte nor {}-{}-{}-ubyte.gz", folder.string(), part, kind, idx,
                          part, kind, idx));
}

struct Part {
  ImageSet set;
  std::int64_t height = 0, width = 0;
};

Part read_part(const std::filesystem::path& folder, const char* part, std::int64_t most_classes) {
  const std::filesystem::path image_file = find_file(folder, part, "images", "idx3");
  const std::filesystem::path label_file = find_file(folder, part, "labels", "idx1");
  IdxFile images = read_idx(image_file, 3);
  const IdxFile labels = read_idx(label_file, 1);
  if (images.shape[0] != labels.shape[0]) {
    throw Error(fmt::format("{}: offset 4: {} labels, but {} has {} images", label_file.string(), labels.shape[0],
                            image_file.string(), images.shape[0]));
  }
  const auto wrong =
      std::find_if(labels.bytes.begin(), labels.bytes.end(), [&](std::uint8_t label) { return label >= most_classes; });
  if (wrong != labels.bytes.end()) {
    throw Error(fmt::format("{}: offset {}: label {} is outside 0 … {}", label_file.string(),
                            labels.offset + (wrong - labels.bytes.begin()), *wrong, most_classes - 1));
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

// `classes` 0: as many as the training labels show, at least 10.
Dataset open_idx(const std::filesystem::path& folder, std::int64_t classes) {
  Dataset dataset;
  dataset.origin = std::filesystem::absolute(folder).lexically_normal().string();
  Part train = read_part(folder, "train", classes > 0 ? classes : kMostClasses);
  if (classes == 0) {
    const std::int64_t highest = *std::max_element(train.set.labels.begin(), train.set.labels.end());
    classes = std::max(kUsualClasses, highest + 1);
  }
  Part test = read_part(folder, "t10k", classes);
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

void load_batch(const Dataset& dataset, const ImageSet& set, std::span<const std::int64_t> indices,
                const Normalisation& normalisation, torch::Tensor& images, torch::Tensor& labels) {
  const std::int64_t size = dataset.pixels_per_image();
  const auto count = static_cast<std::int64_t>(indices.size());
  TORCH_INTERNAL_ASSERT_DEBUG_ONLY(images.is_contiguous() && images.numel() == count * size && labels.numel() == count);
  const auto scale = static_cast<float>(1 / (255 * normalisation.deviation));
  const auto shift = static_cast<float>(-normalisation.mean / normalisation.deviation);
  float* const image = images.data_ptr<float>();
  std::int64_t* const label = labels.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t index = indices[static_cast<std::size_t>(i)];
    const std::uint8_t* const pixels = set.pixels.data() + index * size;
    float* const to = image + i * size;
    for (std::int64_t k = 0; k < size; ++k) to[k] = static_cast<float>(pixels[k]) * scale + shift;
    label[i] = set.labels[static_cast<std::size_t>(index)];
  }
}

}  // namespace thalweg::lab
