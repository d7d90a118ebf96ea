// Augmentation: how images and sounds are varied at random while a model is trained on them.
#include "data/augment.h"

#include "data/clip_dataset.h"

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
constexpr double kLeastNoise = -20, kMostNoise = 100, kLeastGain = 1e-3, kMostGain = 60;  // dB
constexpr double kNoiseSpread = 30;                                                       // dB

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
    throw Error(
        fmt::format("augment = {}: expected flip, shift=N with N in [1, {}], noise=DB in [{}, {}] and gain=DB in "
                    "(0, {}], each at most once, with commas between",
                    printable(text), kMostShift, kLeastNoise, kMostNoise, kMostGain));
  };
  const auto read = [&](std::string_view number, auto& value, auto least, auto most) {
    const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc() || stop != number.data() + number.size()) fail();
    if (!(value >= least && value <= most)) fail();
  };
  Augmentation augmentation;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = std::string_view(text).substr(begin, end - begin);
    const std::string_view name = word.substr(0, word.find('='));
    const std::string_view number = name.size() < word.size() ? word.substr(name.size() + 1) : "";
    begin = end + 1;
    if (word == "flip" && !augmentation.flip) {
      augmentation.flip = true;
    } else if (name == "shift" && augmentation.shift == 0) {
      read(number, augmentation.shift, std::int64_t{1}, kMostShift);
    } else if (name == "noise" && !augmentation.noise) {
      read(number, augmentation.noise.emplace(), kLeastNoise, kMostNoise);
    } else if (name == "gain" && augmentation.gain == 0) {
      read(number, augmentation.gain, kLeastGain, kMostGain);
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
  const auto refuse = [&](const char* what) {
    throw Error(fmt::format("--augment {}: {} has {}", text, dataset.name, what));
  };
  if (input.kind == InputKind::waveform) {
    is_sound_ = true;
    samples_ = input.shape[0];
    if (augmentation_.flip) refuse("sounds, which are not mirrored");
    if (augmentation_.shift * kClipRate / 1000 >= samples_) refuse("sounds that are no longer than the shift");
    noise_ = dataset.noise != nullptr || !augmentation_.noise ? dataset.noise : white_noise(seed);
    return;
  }
  if (input.kind != InputKind::image) refuse("no images and no sounds");
  if (augmentation_.noise || augmentation_.gain > 0) refuse("images; noise and gain are for sounds");
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

ClipVariation Augmenter::clip_variation(std::int64_t example, std::int64_t epoch) const {
  const auto position = static_cast<std::uint64_t>(example);
  const auto random = [&](std::string_view name) {
    return Random(seed_, RandomPurpose::augmentation, name, static_cast<std::uint32_t>(epoch));
  };
  ClipVariation variation;
  if (augmentation_.shift > 0) {
    const std::int64_t most = augmentation_.shift * kClipRate / 1000;
    variation.later =
        static_cast<std::int64_t>(random("later").below(static_cast<std::uint64_t>(2 * most + 1), position)) - most;
  }
  if (augmentation_.noise) {
    variation.noise_ratio = *augmentation_.noise + kNoiseSpread * random("noise").uniform(position);
    variation.noise_begin = random("noise begin").below(noise_->size(), position);
  }
  variation.gain = augmentation_.gain * (2 * random("gain").uniform(position) - 1);
  return variation;
}

void Augmenter::apply(std::span<float> inputs, std::span<const std::int64_t> examples, std::int64_t epoch) const {
  const auto size = static_cast<std::size_t>(is_sound_ ? samples_ : shape_.size());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::span<float> input = inputs.subspan(i * size, size);
    if (is_sound_) {
      vary_clip(input, clip_variation(examples[i], epoch), noise_ ? std::span(*noise_) : std::span<const float>());
    } else {
      vary(input, shape_, variation(examples[i], epoch), black_);
    }
  }
}

}  // namespace thalweg::lab
