// The format images: a folder for each class.
#include "data/formats.h"
#include "data/image_dataset.h"
#include "data/image_folder.h"
#include "data/parts.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

Dataset open_images(const std::string& folder, const DataOptions& options) {
  std::vector<std::string> classes;
  if (options.schema.is_object()) options.schema.at("classes").get_to(classes);
  ImageFolder images = read_image_folder(folder, classes);
  const auto count = std::ssize(images.class_names);
  const bool has_test = images.test.has_value();
  LabelledImages test;
  if (has_test) test = std::move(*images.test);
  Dataset dataset = image_dataset(std::move(images.train), std::move(test),
                                  {images.channels, images.height, images.width}, count, std::move(images.class_names));
  dataset.schema = {{"classes", dataset.target.class_names}};
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
