// UTF-8 by the table of well-formed byte sequences (The Unicode Standard 15.0, table 3-7).
#include "checkpoint/utf8.h"

namespace thalweg::inline v0_1 {

DecodedUtf8 decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  if (text.empty()) {
    return {};
  }
  const std::uint32_t first = byte(0);
  if (first < 0x80) {
    return {first, 1};
  }
  // The range of the second byte is narrower where the full one would be overlong, a surrogate or too large.
  std::size_t length = 0;
  std::uint32_t lowest = 0x80;
  std::uint32_t highest = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    lowest = first == 0xE0 ? 0xA0 : lowest;
    highest = first == 0xED ? 0x9F : highest;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    lowest = first == 0xF0 ? 0x90 : lowest;
    highest = first == 0xF4 ? 0x8F : highest;
  }
  if (length == 0 || length > text.size() || byte(1) < lowest || byte(1) > highest) {
    return {};
  }
  std::uint32_t code_point = first & (0x7Fu >> length);
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xC0) != 0x80) {
      return {};
    }
    code_point = code_point << 6 | (byte(k) & 0x3F);
  }
  return {code_point, length};
}

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = decode_utf8(text.substr(i)).length;
    if (length == 0) {
      return i;
    }
    i += length;
  }
  return std::string_view::npos;
}

void append_utf8(std::string& text, std::uint32_t code_point) {
  const auto append = [&](std::uint32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  const auto continuation = [&](int shift) { append(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    append(code_point);
  } else if (code_point < 0x800) {
    append(0xC0 | code_point >> 6);
    continuation(0);
  } else if (code_point < 0x10000) {
    append(0xE0 | code_point >> 12);
    continuation(6);
    continuation(0);
  } else {
    append(0xF0 | code_point >> 18);
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

}  // namespace thalweg::inline v0_1
