// Reads event files in tests, by the layout alone: records, checksums bit by bit, protobuf's wire.
#pragma once

#include "protobuf_reader.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab::test {

/// CRC-32C by its definition.
inline std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
  }
  return ~crc;
}
inline std::uint32_t masked(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xA282EAD8;
}

/// The payloads of a file's records. Throws where a checksum or a length is wrong.
inline std::vector<std::string> records_of(std::string_view file) {
  std::vector<std::string> payloads;
  while (!file.empty()) {
    const auto size = number_at<std::uint64_t>(file, 0);
    if (number_at<std::uint32_t>(file, 8) != masked(file.substr(0, 8))) throw std::runtime_error("length's checksum");
    const std::string_view payload = file.substr(12, size);
    if (payload.size() != size || number_at<std::uint32_t>(file, 12 + size) != masked(payload))
      throw std::runtime_error("payload's checksum");
    payloads.emplace_back(payload);
    file.remove_prefix(16 + size);
  }
  return payloads;
}

/// A value of an event: its tag, step and what else the message has but for the times, as bytes.
struct EventValue {
  std::int64_t step = 0;
  std::string tag, rest;

  float scalar() const { return number_at<float>(field(fields_of(rest), 2), 0); }
  bool operator==(const EventValue&) const = default;
};

/// All values of a file, in order.
inline std::vector<EventValue> values_of(std::string_view file) {
  std::vector<EventValue> values;
  for (const std::string& payload : records_of(file)) {
    const auto event = fields_of(payload);
    if (event.count(5) == 0) continue;
    for (const auto& [number, value] : fields_of(field(event, 5))) {
      if (number != 1) throw std::runtime_error("a summary has more than values");
      values.push_back({number_at<std::int64_t>(field(event, 2), 0), field(fields_of(value), 1), value});
    }
  }
  return values;
}

}  // namespace thalweg::lab::test
