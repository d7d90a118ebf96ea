// Bytes as a PNG file, by libpng.
#include "data/image.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <png.h>

#include <cstddef>

namespace thalweg::lab {

std::vector<std::uint8_t> encode_png(const ImageSize& size, std::span<const std::uint8_t> pixels) {
  const auto channels = static_cast<std::size_t>(size.channels);
  const std::size_t plane = static_cast<std::size_t>(size.height * size.width);
  std::vector<std::uint8_t> interleaved(pixels.size());
  for (std::size_t channel = 0; channel < channels; ++channel)
    for (std::size_t i = 0; i < plane; ++i) interleaved[i * channels + channel] = pixels[channel * plane + i];
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(size.width);
  image.height = static_cast<png_uint_32>(size.height);
  image.format = size.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::uint8_t> file(bytes);
  if (png_image_write_to_memory(&image, file.data(), &bytes, 0, interleaved.data(), 0, nullptr) == 0) {
    throw Error(fmt::format("a PNG image of {} × {} cannot be written: {}", size.height, size.width, image.message));
  }
  file.resize(bytes);
  return file;
}

}  // namespace thalweg::lab
