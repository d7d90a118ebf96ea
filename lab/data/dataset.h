// Dataset: labelled images, kept as bytes; normalised batch by batch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Images and labels of one part (training, test). Copies share the pixels.
struct ImageSet {
  std::shared_ptr<const void> owner;     ///< keeps the bytes alive
  std::span<const std::uint8_t> pixels;  ///< count × channels × height × width, row-major
  std::vector<std::uint8_t> labels;      ///< count, each below Dataset::classes
  std::int64_t count = 0;
};

constexpr std::int64_t kMostClasses = 62;  ///< EMNIST: digits and letters in both cases

/// A data set with a training and a test part.
struct Dataset {
  std::string name;    ///< as given to open_dataset
  std::string origin;  ///< folder the files were read from, absolute
  /// What its images and labels are known by (data/fingerprint.h): of the same contents anywhere, the same text.
  std::string fingerprint;
  std::int64_t channels = 1, height = 0, width = 0, classes = 0;
  std::vector<std::string> class_names;  ///< empty if the format has none
  ImageSet train, test;

  std::int64_t pixels_per_image() const { return channels * height * width; }
};

/// Mean and standard deviation of pixels scaled to [0, 1], over the named images of one set.
struct Normalisation {
  double mean = 0, deviation = 1;
};

/// `fashion-mnist` (Debian's package dataset-fashion-mnist) or `idx:FOLDER` (files named as MNIST's, plain or gzip).
/// Checks the files completely. Throws thalweg::Error: unknown names with the nearest ones, missing data with the
/// package or flag that helps, damaged files with file, offset and what was expected.
Dataset open_dataset(const std::string& spec);

/// The folder that `idx:FOLDER` names; nothing for other texts.
std::optional<std::string> idx_folder(const std::string& spec);
/// `idx:FOLDER`.
std::string idx_spec(const std::string& folder);

/// Names that open_dataset knows, as `--help` shows them.
std::vector<std::string> dataset_names();

/// Over the images with these indices.
Normalisation measure(const Dataset& dataset, const ImageSet& set, std::span<const std::int64_t> indices);

/// Fills `images` (float, [batch, channels, height, width]) and `labels` (int64, [batch]) with the images of these
/// indices, normalised, row-major.
void load_batch(const Dataset& dataset, const ImageSet& set, std::span<const std::int64_t> indices,
                const Normalisation& normalisation, std::span<float> images, std::span<std::int64_t> labels);

}  // namespace thalweg::lab
