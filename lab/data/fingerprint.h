// What a data set's contents are known by, wherever its files lie: checksums of its parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>

namespace thalweg::lab {

/// CRC-32 of the bytes behind those whose checksum is `before`; 55 MB take about 10 ms.
std::uint32_t checksum(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);

/// Of the elements' bytes.
template <class T>
std::uint32_t checksum_of(std::span<const T> elements, std::uint32_t before = 0) {
  return checksum({reinterpret_cast<const std::uint8_t*>(elements.data()), elements.size_bytes()}, before);
}

/// A hash of the elements' bytes, which tells examples apart quickly; not a promise.
template <class T>
std::uint64_t hash_of(std::span<const T> elements) {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(elements.data()), elements.size_bytes()});
}

/// Are the elements' bytes equal?
template <class T>
bool same_bytes(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

}  // namespace thalweg::lab
