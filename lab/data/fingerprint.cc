// What a data set's contents are known by: CRC-32s, which zlib computes at memory's speed nearly.
#include "data/fingerprint.h"

#include <zlib.h>

namespace thalweg::lab {

std::uint32_t checksum(std::span<const std::uint8_t> bytes, std::uint32_t before) {
  if (bytes.empty()) return before;  // of no bytes at nullptr, zlib gives the checksum of nothing
  return static_cast<std::uint32_t>(crc32_z(before, bytes.data(), bytes.size()));
}

}  // namespace thalweg::lab
