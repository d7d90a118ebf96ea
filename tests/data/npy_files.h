// Writes small .npy files, for tests.
#pragma once

#include "idx_files.h"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

namespace thalweg::lab::test {

/// The file's bytes as NumPy writes them, version 1.0, little-endian, row-major.
template <class Number>
Bytes npy_file(const std::vector<std::int64_t>& shape, const std::vector<Number>& numbers) {
  const char kind = std::is_floating_point_v<Number> ? 'f' : std::is_signed_v<Number> ? 'i' : 'u';
  std::string header = "{'descr': '";
  header += sizeof(Number) == 1 ? '|' : '<';
  header += kind + std::to_string(sizeof(Number)) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    header += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  header += shape.size() == 1 ? ",), }" : "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  Bytes bytes{0x93,
              'N',
              'U',
              'M',
              'P',
              'Y',
              1,
              0,
              static_cast<std::uint8_t>(header.size()),
              static_cast<std::uint8_t>(header.size() >> 8)};
  bytes.insert(bytes.end(), header.begin(), header.end());
  const std::size_t begin = bytes.size();
  bytes.resize(begin + numbers.size() * sizeof(Number));
  if (!numbers.empty()) std::memcpy(bytes.data() + begin, numbers.data(), numbers.size() * sizeof(Number));
  return bytes;
}

template <class Number>
void write_npy(const std::filesystem::path& file, const std::vector<std::int64_t>& shape,
               const std::vector<Number>& numbers) {
  write_bytes(file, npy_file(shape, numbers));
}

}  // namespace thalweg::lab::test
