// Labelled images as examples: kept as bytes, normalised batch by batch.
#pragma once

#include "data/dataset.h"
#include "data/labelled_images.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Of images: channels, height, width.
struct ImageShape {
  std::int64_t channels = 1, height = 0, width = 0;

  std::int64_t size() const { return channels * height * width; }
};

/// What black, a pixel of 0, is when it is scaled.
float scaled_black(const Scaling& scaling);

/// A data set with these parts: inputs, target, examples, indices and fingerprint. The test part's examples follow the
/// training part's.
Dataset image_dataset(LabelledImages train, LabelledImages test, const ImageShape& shape, std::int64_t classes,
                      std::vector<std::string> class_names);

/// Names all regular files below the folder as those that the data set was read from.
void note_files_below(Dataset& dataset, const std::filesystem::path& folder);

}  // namespace thalweg::lab
