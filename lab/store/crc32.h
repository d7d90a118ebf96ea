// Crc32: zlib's checksum, of numbers and texts one after another.
#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace thalweg::lab {

class Crc32 {
 public:
  void add(std::int64_t value) {
    std::array<char, 8> bytes{};  // the same on every machine
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
    }
    add_bytes({bytes.data(), bytes.size()});
  }
  /// With its length, so that what is cut elsewhere gives another sum.
  void add(std::string_view text) {
    add(static_cast<std::int64_t>(text.size()));
    add_bytes(text);
  }
  std::int64_t value() const { return static_cast<std::int64_t>(sum_); }

 private:
  void add_bytes(std::string_view bytes) {
    sum_ = crc32_z(sum_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  }

  uLong sum_ = crc32_z(0, nullptr, 0);
};

}  // namespace thalweg::lab
