// Images, PNG or JPEG, decoded from memory to bytes.
#include "data/image.h"

#include "data/image_formats.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace thalweg::lab {

namespace {

[[noreturn]] void fail_of_format(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) throw Error(fmt::format("{}: is empty; expected a PNG or JPEG image", file.string()));
  throw Error(fmt::format(
      "{}: is neither PNG nor JPEG: its first bytes are {:02x}; remove it, or convert it: `convert FILE FILE.png`",
      file.string(), fmt::join(bytes.first(std::min<std::size_t>(bytes.size(), 4)), " ")));
}

}  // namespace

ImageSize image_size(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) {
  if (is_png(bytes)) return png_size(file, bytes);
  if (is_jpeg(bytes)) return jpeg_size(file, bytes);
  fail_of_format(file, bytes);
}

void decode_image(const std::filesystem::path& file, std::span<const std::uint8_t> bytes,
                  std::span<std::uint8_t> pixels) {
  if (is_png(bytes)) return decode_png(file, bytes, pixels);
  if (is_jpeg(bytes)) return decode_jpeg(file, bytes, pixels);
  fail_of_format(file, bytes);
}

void check_sides(const std::filesystem::path& file, std::uint64_t height, std::uint64_t width) {
  constexpr auto kMost = static_cast<std::uint64_t>(kMostSide);
  if (height >= 1 && height <= kMost && width >= 1 && width <= kMost) return;
  throw Error(fmt::format("{}: {} × {} pixels (width × height); sides must be within 1 … {}", file.string(), width,
                          height, kMostSide));
}

void fail_of_image(const std::filesystem::path& file, const char* format, const std::string& why) {
  throw Error(fmt::format("{}: the {} image cannot be read: {}", file.string(), format, why));
}

}  // namespace thalweg::lab
