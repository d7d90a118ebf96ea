// What a data set's contents are known by: CRC-32s, which zlib computes at memory's speed nearly.
#include "data/fingerprint.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cstdint>
#include <span>

namespace thalweg::lab {

namespace {

std::uint32_t checksum(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(crc32_z(crc32_z(0, nullptr, 0), bytes.data(), bytes.size()));
}

}  // namespace

std::string fingerprint_of(const Dataset& dataset) {
  return fmt::format("{}+{}x{}x{}x{}-{:08x}-{:08x}-{:08x}-{:08x}", dataset.train.count, dataset.test.count,
                     dataset.channels, dataset.height, dataset.width, checksum(dataset.train.pixels),
                     checksum(dataset.train.labels), checksum(dataset.test.pixels), checksum(dataset.test.labels));
}

}  // namespace thalweg::lab
