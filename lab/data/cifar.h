// CIFAR-10 and CIFAR-100, the binary versions: read and checked completely.
#pragma once

#include "data/labelled_images.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab {

constexpr std::int64_t kCifarChannels = 3, kCifarSide = 32;

/// Both parts of one of the two sets.
struct Cifar {
  std::filesystem::path folder;          ///< where the files are: the one given, or its subfolder
  std::int64_t classes = 0;              ///< 10 or 100
  std::vector<std::string> class_names;  ///< one for each class, or none if the file of names is missing
  LabelledImages train, test;            ///< of three channels, red, green and blue
};

/// CIFAR-10 from `data_batch_1.bin` … `data_batch_5.bin`, `test_batch.bin` and `batches.meta.txt`, in the folder or its
/// subfolder `cifar-10-batches-bin`. A file may hold any number of whole records, may be gzip (by its first bytes) and
/// then may end in `.gz`. Throws Error: missing files with the archive they come in, the Python version with the one
/// that is wanted, damaged files with file, offset (in the uncompressed file), what was found and what is allowed.
Cifar read_cifar10(const std::filesystem::path& folder);

/// CIFAR-100 likewise, from `train.bin`, `test.bin` and `fine_label_names.txt`, in the folder or its subfolder
/// `cifar-100-binary`. Labels are the 100 fine ones; the 20 coarse ones are checked and left.
Cifar read_cifar100(const std::filesystem::path& folder);

}  // namespace thalweg::lab
