// The formats cifar10 and cifar100: the binary versions.
#include "data/cifar.h"
#include "data/formats.h"
#include "data/image_dataset.h"

#include <filesystem>
#include <utility>

namespace thalweg::lab {
namespace {

Dataset open_cifar(Cifar cifar) {
  Dataset dataset =
      image_dataset(std::move(cifar.train), std::move(cifar.test), {kCifarChannels, kCifarSide, kCifarSide},
                    cifar.classes, std::move(cifar.class_names));
  dataset.origin = std::filesystem::absolute(cifar.folder).lexically_normal().string();
  note_files_below(dataset, dataset.origin);
  return dataset;
}

}  // namespace

Format cifar10_format() {
  return {.name = "cifar10",
          .argument = "FOLDER",
          .meaning = "60,000 coloured images of 10 classes, from cifar-10-binary.tar.gz",
          .options = {},
          .open = [](const std::string& folder, const DataOptions&) { return open_cifar(read_cifar10(folder)); }};
}

Format cifar100_format() {
  return {.name = "cifar100",
          .argument = "FOLDER",
          .meaning = "60,000 coloured images of 100 classes, from cifar-100-binary.tar.gz",
          .options = {},
          .open = [](const std::string& folder, const DataOptions&) { return open_cifar(read_cifar100(folder)); }};
}

}  // namespace thalweg::lab
