// The format images: a folder for each class.
#include "data/formats.h"
#include "data/image_dataset.h"
#include "data/image_folder.h"
#include "data/parts.h"

#include <filesystem>
#include <numeric>
#include <utility>

namespace thalweg::lab {
namespace {

Dataset open_images(const std::string& folder, const DataOptions& options) {
  ImageFolder images = read_image_folder(folder);
  const auto classes = std::ssize(images.class_names);
  const bool has_test = images.test.has_value();
  LabelledImages test;
  if (has_test) test = std::move(*images.test);
  Dataset dataset =
      image_dataset(std::move(images.train), std::move(test), {images.channels, images.height, images.width}, classes,
                    std::move(images.class_names));
  dataset.origin = std::filesystem::absolute(folder).lexically_normal().string();
  note_files_below(dataset, dataset.origin);
  if (has_test) {
    check_no_share(options, folder);
  } else {
    divide(dataset, std::move(dataset.train), options, folder);
  }
  return dataset;
}

}  // namespace

Format images_format() {
  return {.name = "images",
          .argument = "FOLDER",
          .meaning = "PNG and JPEG files, a folder for each class, or folders train and test of such",
          .options = {"test_fraction"},
          .open = open_images};
}

}  // namespace thalweg::lab
