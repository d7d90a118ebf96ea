// UTF-8: checking, decoding and encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg::inline v0_1 {

/// One character and how many bytes it takes: 0 where the text does not begin with well-formed UTF-8.
struct DecodedUtf8 {
  std::uint32_t code_point = 0;
  std::size_t length = 0;
};

/// The first character of the text.
DecodedUtf8 decode_utf8(std::string_view text);

/// Offset of the first byte that does not belong to well-formed UTF-8 (overlong forms, surrogates and numbers above
/// U+10FFFF are not), or npos.
std::size_t find_invalid_utf8(std::string_view text);

/// Appends a Unicode scalar value.
void append_utf8(std::string& text, std::uint32_t code_point);

}  // namespace thalweg::inline v0_1
