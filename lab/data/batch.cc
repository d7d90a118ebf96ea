// Batches: images of a data set as normalised numbers.
#include "data/dataset.h"

#include <cassert>
#include <cstddef>
#include <iterator>

namespace thalweg::lab {

void load_batch(const Dataset& dataset, const ImageSet& set, std::span<const std::int64_t> indices,
                const Normalisation& normalisation, std::span<float> images, std::span<std::int64_t> labels) {
  const std::int64_t size = dataset.pixels_per_image();
  const auto count = static_cast<std::int64_t>(indices.size());
  assert(std::ssize(images) == count * size && std::ssize(labels) == count);
  const auto scale = static_cast<float>(1 / (255 * normalisation.deviation));
  const auto shift = static_cast<float>(-normalisation.mean / normalisation.deviation);
  float* const image = images.data();
  std::int64_t* const label = labels.data();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t index = indices[static_cast<std::size_t>(i)];
    const std::uint8_t* const pixels = set.pixels.data() + index * size;
    float* const to = image + i * size;
    for (std::int64_t k = 0; k < size; ++k) to[k] = static_cast<float>(pixels[k]) * scale + shift;
    label[i] = set.labels[static_cast<std::size_t>(index)];
  }
}

}  // namespace thalweg::lab
