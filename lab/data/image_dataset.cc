// Labelled images as examples: mean and deviation, batches, fingerprint.
#include "data/image_dataset.h"

#include "data/fingerprint.h"
#include "data/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

namespace thalweg::lab {
namespace {

/// `use(pixel)` for each pixel of an image with the channels last, in the order of channels first.
void each_turned(const std::uint8_t* image, const ImageShape& shape, const auto& use) {
  for (std::int64_t channel = 0; channel < shape.channels; ++channel)
    for (std::int64_t k = channel; k < shape.size(); k += shape.channels) use(image[k]);
}

class ImageExamples : public Examples {
 public:
  ImageExamples(LabelledImages train, LabelledImages test, const ImageShape& shape)
      : train_(std::move(train)),
        test_(std::move(test)),
        shape_(shape),
        size_(static_cast<std::size_t>(shape.size())) {}

  Scaling measure(std::span<const std::int64_t> training) const override;
  void load(std::span<const std::int64_t> examples, const Scaling& scaling, const BatchMemory& memory) const override;
  std::int64_t label(std::int64_t example) const override {
    const auto [set, index] = place(example);
    return set->labels[index];
  }
  std::uint64_t input_hash(std::int64_t example) const override { return hash_of(image(example)); }
  bool have_same_inputs(std::int64_t a, std::int64_t b) const override { return same_bytes(image(a), image(b)); }
  bool have_same_target(std::int64_t a, std::int64_t b) const override { return label(a) == label(b); }

 private:
  std::pair<const LabelledImages*, std::size_t> place(std::int64_t example) const {
    if (example < train_.count) return {&train_, static_cast<std::size_t>(example)};
    return {&test_, static_cast<std::size_t>(example - train_.count)};
  }
  const std::uint8_t* pixels(std::int64_t example) const {
    const auto [set, index] = place(example);
    return set->pixels.data() + index * size_;
  }

  /// Shuffled examples lie anywhere: without this, loading waits for memory most of its time.
  void prefetch(const std::uint8_t* image) const {
    const std::size_t bytes = std::min(size_, kMostPrefetched);
    for (std::size_t at = 0; at < bytes; at += kCacheLine) __builtin_prefetch(image + at);
  }
  static constexpr std::size_t kAhead = 8;              // images
  static constexpr std::size_t kMostPrefetched = 4096;  // bytes: what follows the processor fetches itself
  static constexpr std::size_t kCacheLine = 64;

  std::span<const std::uint8_t> image(std::int64_t example) const { return {pixels(example), size_}; }

  LabelledImages train_, test_;
  ImageShape shape_;
  std::size_t size_;
};

Scaling ImageExamples::measure(std::span<const std::int64_t> training) const {
  if (training.empty() || size_ == 0) return {.mean = {0}, .deviation = {1}};
  // Sums of bytes are exact in integers, so neither order nor threads could move a bit.
  std::uint64_t sum = 0, squares = 0;
  for (const std::int64_t example : training) {
    const std::uint8_t* const image = pixels(example);
    for (std::size_t begin = 0; begin < size_;) {
      const std::size_t end = std::min(size_, begin + 32768);  // 32768 · 255² stays below 2³²
      std::uint32_t block = 0, block_squares = 0;
      for (; begin < end; ++begin) {
        const std::uint32_t pixel = image[begin];
        block += pixel;
        block_squares += pixel * pixel;
      }
      sum += block;
      squares += block_squares;
    }
  }
  const double count = static_cast<double>(training.size()) * static_cast<double>(size_);
  const double mean = static_cast<double>(sum) / count;
  const double variance = static_cast<double>(squares) / count - mean * mean;
  const double deviation = std::sqrt(std::max(variance, 0.0)) / 255;
  // Images of one grey everywhere: there is nothing to scale.
  return {.mean = {mean / 255}, .deviation = {deviation < 1e-6 ? 1 : deviation}};
}

void ImageExamples::load(std::span<const std::int64_t> examples, const Scaling& scaling,
                         const BatchMemory& memory) const {
  const auto scale = static_cast<float>(1 / (255 * scaling.deviation.front()));
  const float shift = scaled_black(scaling);
  float* to = std::get<std::span<float>>(memory.inputs.front()).data();
  std::int64_t* label_to = std::get<std::span<std::int64_t>>(memory.target).data();
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::int64_t example = examples[i];
    if (i + kAhead < examples.size()) prefetch(pixels(examples[i + kAhead]));
    const std::uint8_t* const image = pixels(example);
    if (place(example).first->channels_last && shape_.channels > 1) {
      each_turned(image, shape_, [&](std::uint8_t pixel) { *to++ = static_cast<float>(pixel) * scale + shift; });
    } else {
      for (std::size_t k = 0; k < size_; ++k) to[k] = static_cast<float>(image[k]) * scale + shift;
      to += size_;
    }
    *label_to++ = label(example);
  }
}

/// Of the pixels with the channels first, in whatever order they are stored.
std::uint32_t pixel_sum(const LabelledImages& images, const ImageShape& shape) {
  if (!images.channels_last || shape.channels == 1) return checksum(images.pixels);
  std::uint32_t sum = 0;
  std::vector<std::uint8_t> turned(static_cast<std::size_t>(shape.size()));
  for (std::int64_t image = 0; image < images.count; ++image) {
    auto to = turned.begin();
    each_turned(images.pixels.data() + image * shape.size(), shape, [&](std::uint8_t pixel) { *to++ = pixel; });
    sum = checksum(turned, sum);
  }
  return sum;
}

std::string fingerprint_of(const LabelledImages& train, const LabelledImages& test, const ImageShape& shape) {
  return fmt::format("{}+{}x{}x{}x{}-{:08x}-{:08x}-{:08x}-{:08x}", train.count, test.count, shape.channels,
                     shape.height, shape.width, pixel_sum(train, shape), checksum(train.labels), pixel_sum(test, shape),
                     checksum(test.labels));
}

}  // namespace

float scaled_black(const Scaling& scaling) {
  return static_cast<float>(-scaling.mean.front() / scaling.deviation.front());
}

Dataset image_dataset(LabelledImages train, LabelledImages test, const ImageShape& shape, std::int64_t classes,
                      std::vector<std::string> class_names) {
  Dataset dataset;
  dataset.inputs = {{.kind = InputKind::image, .shape = {shape.channels, shape.height, shape.width}}};
  dataset.target = {.kind = TargetKind::label, .classes = classes, .class_names = std::move(class_names)};
  give_parts(dataset, train.count, test.count);
  dataset.fingerprint = fingerprint_of(train, test, shape);
  dataset.examples = std::make_shared<ImageExamples>(std::move(train), std::move(test), shape);
  return dataset;
}

void note_files_below(Dataset& dataset, const std::filesystem::path& folder) {
  std::error_code reason;
  for (std::filesystem::recursive_directory_iterator entry(folder, reason), end; !reason && entry != end;
       entry.increment(reason)) {
    if (entry->is_regular_file()) dataset.files.push_back(std::filesystem::absolute(entry->path()).string());
  }
}

}  // namespace thalweg::lab
