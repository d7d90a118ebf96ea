// The formats idx and fashion-mnist: a folder with files named as MNIST's, EMNIST's or QMNIST's.
#include "data/formats.h"
#include "data/idx_folder.h"
#include "data/image_dataset.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr const char* kFashionFolder = "/usr/share/datasets/fashion-mnist";

// `classes` 0: as many as the labels show.
Dataset open_folder(const std::string& folder, std::int64_t classes, const DataOptions& options) {
  IdxFolder idx = read_idx_folder(folder, classes, options.map_from);
  Dataset dataset = image_dataset(std::move(idx.train), std::move(idx.test), {1, idx.height, idx.width}, idx.classes,
                                  std::move(idx.class_names));
  dataset.origin = std::filesystem::absolute(folder).lexically_normal().string();
  note_files_below(dataset, idx.folder);
  return dataset;
}

Dataset open_fashion_mnist(const std::string&, const DataOptions& options) {
  if (!std::filesystem::is_directory(kFashionFolder)) {
    throw Error(fmt::format(
        "fashion-mnist: {} is missing; `apt install dataset-fashion-mnist` brings it, or name the folder of "
        "another copy: `--data idx:FOLDER`",
        kFashionFolder));
  }
  Dataset dataset = open_folder(kFashionFolder, 10, options);
  dataset.target.class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  return dataset;
}

Dataset open_idx(const std::string& folder, const DataOptions& options) {
  if (!is_idx_folder(folder)) {
    throw Error(fmt::format("idx:{0}: '{0}' is not a folder; expected one with files named as MNIST's", folder));
  }
  return open_folder(folder, 0, options);
}

}  // namespace

Format fashion_mnist_format() {
  return {.name = "fashion-mnist",
          .argument = "",
          .meaning = "70,000 images of clothes, 10 classes; Debian's package dataset-fashion-mnist",
          .options = {},
          .open = open_fashion_mnist};
}

Format idx_format() {
  return {.name = "idx",
          .argument = "FOLDER",
          .meaning = "files named as MNIST's, EMNIST's or QMNIST's, plain or .gz; FOLDER/emnist-letters names one set",
          .options = {},
          .open = open_idx};
}

}  // namespace thalweg::lab
