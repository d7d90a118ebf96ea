// Reads protobuf messages in tests, by the wire's layout alone.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace thalweg::lab::test {

template <class Number>
Number number_at(std::string_view bytes, std::size_t place) {
  if (bytes.size() < place + sizeof(Number)) throw std::runtime_error("a number is cut off");
  Number number{};
  std::memcpy(&number, bytes.data() + place, sizeof number);
  return number;
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

}  // namespace thalweg::lab::test
