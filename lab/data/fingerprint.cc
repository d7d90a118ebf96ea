// What a data set's contents are known by: CRC-32s, which zlib computes at memory's speed nearly.
#include "data/fingerprint.h"

#include <zlib.h>

namespace thalweg::lab {

std::uint32_t checksum(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(crc32_z(crc32_z(0, nullptr, 0), bytes.data(), bytes.size()));
}

}  // namespace thalweg::lab
