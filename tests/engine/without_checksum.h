// without_checksum: a safetensors file as other programs write it, for tests of what comes behind the checksum.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::tests {

/// The bytes with spaces in place of the checksum in the metadata, so that nothing else moves.
inline std::vector<std::byte> without_checksum(std::vector<std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  constexpr std::string_view kBegin = "\"thalweg.checksum\":\"thalweg-xxh64:";
  std::size_t begin = text.find(kBegin);
  if (begin == std::string_view::npos) throw std::logic_error("there is no checksum");
  std::size_t end = begin + kBegin.size() + 16 + 1;  // the digits and a quote
  if (text[begin - 1] == ',') {
    --begin;
  } else if (text[end] == ',') {
    ++end;
  }
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.begin() + static_cast<std::ptrdiff_t>(end),
            std::byte{' '});
  return bytes;
}

}  // namespace thalweg::tests
