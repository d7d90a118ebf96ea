// Images, PNG or JPEG, decoded from memory to bytes; bytes encoded as PNG.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace thalweg::lab {

constexpr std::int64_t kMostSide = 16384;  ///< pixels of an image's height and width

/// What an image is decoded to.
struct ImageSize {
  std::int64_t channels = 0;           ///< 1 (grey) or 3 (red, green, blue)
  std::int64_t height = 0, width = 0;  ///< each 1 to kMostSide

  std::uint64_t bytes() const { return static_cast<std::uint64_t>(channels * height * width); }
  bool operator==(const ImageSize&) const = default;
};

/// The size of the image that these bytes hold, known as PNG or JPEG by the first of them; `file` is for errors. Throws
/// Error: of other formats, headers that are damaged, sides above kMostSide, and JPEG images that are neither grey nor
/// of red, green and blue (CMYK).
ImageSize image_size(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);

/// Decodes the image into `pixels`, channels × height × width, which is what image_size has told. Palettes become
/// colours, 16 bits are rounded to 8, pixels that are transparent show white behind them, as on a page. Profiles, gamma
/// and orientation (EXIF) are passed over: the samples are as they are stored. Throws Error with the library's words if
/// the image is damaged or ends too early.
void decode_image(const std::filesystem::path& file, std::span<const std::uint8_t> bytes,
                  std::span<std::uint8_t> pixels);

/// The pixels, channels × height × width, as a PNG file. Throws Error if libpng cannot (no memory).
std::vector<std::uint8_t> encode_png(const ImageSize& size, std::span<const std::uint8_t> pixels);

}  // namespace thalweg::lab
