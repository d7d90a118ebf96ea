// Reads event files in tests, by the layout alone: records, checksums bit by bit, protobuf's wire.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
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

template <class Number>
Number number_at(std::string_view bytes, std::size_t place) {
  if (bytes.size() < place + sizeof(Number)) throw std::runtime_error("a number is cut off");
  Number number{};
  std::memcpy(&number, bytes.data() + place, sizeof number);
  return number;
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

/// A message's fields: bytes of those with a length, 8 or 4 bytes, or a number as 8 bytes.
inline std::multimap<std::uint64_t, std::string> fields_of(std::string_view message) {
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      if (message.empty()) throw std::runtime_error("a number is cut off");
      const auto byte = static_cast<unsigned char>(message.front());
      message.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
  };
  std::multimap<std::uint64_t, std::string> fields;
  while (!message.empty()) {
    const std::uint64_t key = varint();
    std::size_t size = 0;
    switch (key & 7) {
      case 0: {
        const std::uint64_t value = varint();
        fields.emplace(key >> 3, std::string(reinterpret_cast<const char*>(&value), sizeof value));
        continue;
      }
      case 1:
        size = 8;
        break;
      case 2:
        size = varint();
        break;
      case 5:
        size = 4;
        break;
      default:
        throw std::runtime_error("unknown wire type");
    }
    if (message.size() < size) throw std::runtime_error("a field is cut off");
    fields.emplace(key >> 3, message.substr(0, size));
    message.remove_prefix(size);
  }
  return fields;
}

inline std::string field(const std::multimap<std::uint64_t, std::string>& fields, std::uint64_t number) {
  if (fields.count(number) != 1) throw std::runtime_error("not one field " + std::to_string(number));
  return fields.find(number)->second;
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
