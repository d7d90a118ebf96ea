// Augmentation: images that are mirrored and moved at random while a model is trained on them.
#include "data/augment.h"

#include <thalweg/error.h>
#include <thalweg/random.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kMostShift = 10'000;

/// Moves `count` items of `size` numbers each by `by` items. Those that come in are `black`.
void move_items(float* items, std::int64_t count, std::int64_t size, std::int64_t by, float black) {
  const std::int64_t moved = std::clamp(by, -count, count);
  float* const end = items + count * size;
  if (moved > 0) {
    std::move_backward(items, end - moved * size, end);
    std::fill(items, items + moved * size, black);
  } else if (moved < 0) {
    std::move(items - moved * size, end, items);
    std::fill(end + moved * size, end, black);
  }
}

}  // namespace

Augmentation parse_augmentation(const std::string& text) {
  const auto fail = [&] {
    throw Error(fmt::format("augment = {}: expected flip, shift=N with N in [1, {}], or both with a comma between",
                            printable(text), kMostShift));
  };
  constexpr std::string_view kShift = "shift=";
  Augmentation augmentation;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (word == "flip" && !augmentation.flip) {
      augmentation.flip = true;
    } else if (word.starts_with(kShift) && augmentation.shift == 0) {
      const std::string_view number = word.substr(kShift.size());
      const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), augmentation.shift);
      if (error != std::errc() || stop != number.data() + number.size()) fail();
      if (augmentation.shift < 1 || augmentation.shift > kMostShift) fail();
    } else {
      fail();
    }
  }
  return augmentation;
}

void vary(std::span<float> image, const ImageShape& shape, const Variation& variation, float black) {
  const std::int64_t width = shape.width, plane = shape.height * width;
  float* const end = image.data() + shape.channels * plane;
  for (float* channel = image.data(); channel < end; channel += plane) {
    move_items(channel, shape.height, width, variation.down, black);
    for (float* row = channel; row < channel + plane; row += width) {
      if (variation.is_mirrored) std::reverse(row, row + width);
      move_items(row, width, 1, variation.right, black);
    }
  }
}

Augmenter::Augmenter(const std::string& text, const Dataset& dataset, const Scaling& scaling, std::uint64_t seed)
    : augmentation_(parse_augmentation(text)), seed_(seed) {
  const Input& input = dataset.inputs.front();
  if (input.kind != InputKind::image) {
    throw Error(fmt::format("--augment {}: {} has no images", text, dataset.name));
  }
  shape_ = {input.shape[0], input.shape[1], input.shape[2]};
  if (augmentation_.shift >= std::min(shape_.height, shape_.width)) {
    throw Error(fmt::format("--augment {}: expected a shift of less than the images of {}, {} × {} pixels", text,
                            dataset.name, shape_.height, shape_.width));
  }
  black_ = scaled_black(scaling);
}

Variation Augmenter::variation(std::int64_t example, std::int64_t epoch) const {
  const auto position = static_cast<std::uint64_t>(example);
  const auto random = [&](std::string_view name) {
    return Random(seed_, RandomPurpose::augmentation, name, static_cast<std::uint32_t>(epoch));
  };
  const auto drawn_shift = [&](std::string_view name) {
    const auto shifts = static_cast<std::uint64_t>(2 * augmentation_.shift + 1);
    return static_cast<std::int64_t>(random(name).below(shifts, position)) - augmentation_.shift;
  };
  Variation variation;
  if (augmentation_.flip) variation.is_mirrored = random("flip").below(2, position) == 1;
  if (augmentation_.shift > 0) {
    variation.down = drawn_shift("down");
    variation.right = drawn_shift("right");
  }
  return variation;
}

void Augmenter::apply(std::span<float> images, std::span<const std::int64_t> examples, std::int64_t epoch) const {
  const auto size = static_cast<std::size_t>(shape_.size());
  for (std::size_t i = 0; i < examples.size(); ++i)
    vary(images.subspan(i * size, size), shape_, variation(examples[i], epoch), black_);
}

}  // namespace thalweg::lab
