// What a data set's contents are known by, wherever its files lie: checksums of its parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace thalweg::lab {

/// CRC-32 of the bytes; 55 MB take about 10 ms.
std::uint32_t checksum(std::span<const std::uint8_t> bytes);

/// Of the elements' bytes.
template <class T>
std::uint32_t checksum_of(std::span<const T> elements) {
  return checksum({reinterpret_cast<const std::uint8_t*>(elements.data()), elements.size_bytes()});
}

}  // namespace thalweg::lab
