// Folders of images, one folder for each class: PNG and JPEG files, read completely.
#pragma once

#include "data/labelled_images.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

constexpr std::uint64_t kMostPixelBytes = std::uint64_t{1} << 34;  ///< of all images together: 16 GiB

/// Labelled images of one part (training, test), by class and then by the file's name, as bytes are ordered.
struct ImageFolderPart : LabelledImages {
  std::vector<std::string> files;  ///< count: each image's file, relative to the folder
};

/// A folder of images.
struct ImageFolder {
  /// 1 if all images are grey, else 3 (red, green, blue); grey images among others become colours.
  std::int64_t channels = 0;
  std::int64_t height = 0, width = 0;
  std::vector<std::string> class_names;  ///< the folders' names, ordered as bytes are
  ImageFolderPart train;
  std::optional<ImageFolderPart> test;  ///< if the folder says which they are
};

/// Reads `FOLDER/CLASS/FILE`, or `FOLDER/train/CLASS/FILE` and `FOLDER/test/CLASS/FILE`: a folder `train` that holds
/// folders is a part, not a class, and then `test` must be there, its classes among those of `train`; whatever else
/// lies beside the two (`val`) is left alone. So are files beside the classes' folders, hidden files, `Thumbs.db`,
/// `desktop.ini` and `__MACOSX`. What a file is tell its first bytes, not its name; how it is decoded says
/// decode_image. All images must be of one size. Throws Error: of every file in a class that is no whole PNG or JPEG
/// image, of sizes that differ (with both files, and how to make them alike), of classes without images, more than 256
/// of them or names that cannot be printed, and of more pixels than kMostPixelBytes, before they are decoded.
/// `classes`, if there are any (ordered as bytes are), are those that a model knows: labels are of them, and Error is
/// thrown for others.
ImageFolder read_image_folder(const std::filesystem::path& folder, const std::vector<std::string>& classes = {});

}  // namespace thalweg::lab
