// Augmentation: images that are mirrored and moved, sounds that are moved, mixed with noise and made louder or quieter,
// at random while a model is trained on them.
#pragma once

#include "data/dataset.h"
#include "data/image_dataset.h"
#include "data/vary_clip.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// How the images or sounds of a training are varied.
struct Augmentation {
  bool flip = false;       ///< mirrored, left to right, with probability 1/2
  std::int64_t shift = 0;  ///< moved by −shift … shift pixels, down and to the right, all equally likely; of sound
                           ///< −shift … shift milliseconds, later or earlier
  std::optional<double> noise{};  ///< of sound: mixed with noise, at a ratio of uniformly noise … noise + 30 dB
  double gain = 0;                ///< of sound: made louder by uniformly −gain … gain dB
};

/// Reads `flip`, `shift=N`, `noise=DB` and `gain=DB`, with commas between. Throws thalweg::Error that says what is
/// allowed.
Augmentation parse_augmentation(const std::string& text);

/// What is done to one image: mirrored first, then moved.
struct Variation {
  bool is_mirrored = false;
  std::int64_t down = 0, right = 0;  ///< pixels, of any size
};

/// Does it to the image [channels, height, width]. Pixels that come into it are `black`.
void vary(std::span<float> image, const ImageShape& shape, const Variation& variation, float black);

/// Varies batches of a data set's images or sounds. Draws depend on seed, epoch and example alone, so that a resumed
/// training sees the same images, whatever its batches are.
class Augmenter {
 public:
  /// `text`: as parse_augmentation reads it; `scaling`: that of the batches. Throws thalweg::Error for data that are
  /// neither images nor sounds, for what means nothing for them, and where a shift can move all of it away.
  Augmenter(const std::string& text, const Dataset& dataset, const Scaling& scaling, std::uint64_t seed);

  Variation variation(std::int64_t example, std::int64_t epoch) const;
  ClipVariation clip_variation(std::int64_t example, std::int64_t epoch) const;
  /// `inputs`: those of these examples, one behind the other.
  void apply(std::span<float> inputs, std::span<const std::int64_t> examples, std::int64_t epoch) const;

 private:
  Augmentation augmentation_;
  ImageShape shape_;
  float black_ = 0;
  bool is_sound_ = false;
  std::int64_t samples_ = 0;                         ///< of a clip of sound
  std::shared_ptr<const std::vector<float>> noise_;  ///< or null
  std::uint64_t seed_;
};

}  // namespace thalweg::lab
