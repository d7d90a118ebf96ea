// Augmentation: images that are mirrored and moved at random while a model is trained on them.
#pragma once

#include "data/dataset.h"
#include "data/image_dataset.h"

#include <cstdint>
#include <span>
#include <string>

namespace thalweg::lab {

/// How the images of a training are varied.
struct Augmentation {
  bool flip = false;       ///< mirrored, left to right, with probability 1/2
  std::int64_t shift = 0;  ///< moved by −shift … shift pixels, down and to the right, all equally likely
};

/// Reads `flip`, `shift=N` or both with a comma between. Throws thalweg::Error that says what is allowed.
Augmentation parse_augmentation(const std::string& text);

/// What is done to one image: mirrored first, then moved.
struct Variation {
  bool is_mirrored = false;
  std::int64_t down = 0, right = 0;  ///< pixels, of any size
};

/// Does it to the image [channels, height, width]. Pixels that come into it are `black`.
void vary(std::span<float> image, const ImageShape& shape, const Variation& variation, float black);

/// Varies batches of a data set's images. Draws depend on seed, epoch and example alone, so that a resumed training
/// sees the same images, whatever its batches are.
class Augmenter {
 public:
  /// `text`: as parse_augmentation reads it; `scaling`: that of the batches. Throws thalweg::Error for data that are no
  /// images, and for images that a shift can move out of sight.
  Augmenter(const std::string& text, const Dataset& dataset, const Scaling& scaling, std::uint64_t seed);

  Variation variation(std::int64_t example, std::int64_t epoch) const;
  /// `images`: those of these examples, one behind the other.
  void apply(std::span<float> images, std::span<const std::int64_t> examples, std::int64_t epoch) const;

 private:
  Augmentation augmentation_;
  ImageShape shape_;
  float black_ = 0;
  std::uint64_t seed_;
};

}  // namespace thalweg::lab
