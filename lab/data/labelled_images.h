// LabelledImages: one part of a set of images, as bytes with a class each.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace thalweg::lab {

/// Copies share the pixels.
struct LabelledImages {
  std::shared_ptr<const void> owner;     ///< keeps the pixels alive
  std::span<const std::uint8_t> pixels;  ///< count × channels × height × width, row-major; or …
  bool channels_last = false;            ///< … count × height × width × channels
  std::vector<std::uint8_t> labels;      ///< count, each below the number of classes
  std::int64_t count = 0;
};

}  // namespace thalweg::lab
