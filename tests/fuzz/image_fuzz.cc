// libFuzzer target: any bytes as a PNG or JPEG image, a PNG image also with its checksums made right. It is refused by
// an Error, or becomes every one of the bytes that its size says, the same each time.
#include "data/image.h"
#include "memory_file.h"

#include <thalweg/error.h>

#include <zlib.h>

#include <cstdint>
#include <span>
#include <vector>

namespace {

using thalweg::lab::ImageSize;
using thalweg::lab::test::require;

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 18;  // larger ones would only take long

void check(std::span<const std::uint8_t> bytes) {
  try {
    const ImageSize image = thalweg::lab::image_size("image", bytes);
    require(image.channels == 1 || image.channels == 3, "channels");
    require(image.height >= 1 && image.height <= thalweg::lab::kMostSide, "height");
    require(image.width >= 1 && image.width <= thalweg::lab::kMostSide, "width");
    if (image.bytes() > kMostBytes) return;
    // A pixel that is not written, or made of memory that nobody wrote, would keep what stands here.
    std::vector<std::uint8_t> first(image.bytes(), 0x55), second(image.bytes(), 0xaa);
    thalweg::lab::decode_image("image", bytes, first);
    thalweg::lab::decode_image("image", bytes, second);
    require(first == second, "decoded again it is another image");
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
  }
}

// Chance does not find checksums: chunk by chunk (length, name, data, checksum), they are put right.
void correct_checksums(std::vector<std::uint8_t>& bytes) {
  constexpr std::size_t kMagic = 8, kAround = 12;
  for (std::size_t at = kMagic; at + kAround <= bytes.size();) {
    const std::size_t length = std::size_t{bytes[at]} << 24 | std::size_t{bytes[at + 1]} << 16 |
                               std::size_t{bytes[at + 2]} << 8 | std::size_t{bytes[at + 3]};
    if (length > bytes.size() - at - kAround) return;
    const uLong sum = crc32(0, bytes.data() + at + 4, static_cast<uInt>(length + 4));
    for (unsigned i = 0; i < 4; ++i) bytes[at + 8 + length + i] = static_cast<std::uint8_t>(sum >> (24 - 8 * i));
    at += length + kAround;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> bytes(data, data + size);
  check(bytes);
  if (size == 0 || data[0] != 0x89) return 0;
  correct_checksums(bytes);
  check(bytes);
  return 0;
}
