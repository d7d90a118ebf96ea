// UTF-8: checking and encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg {

/// Offset of the first byte that does not belong to well-formed UTF-8 (overlong forms, surrogates and numbers above
/// U+10FFFF are not), or npos.
std::size_t find_invalid_utf8(std::string_view text);

/// Appends a Unicode scalar value.
void append_utf8(std::string& text, std::uint32_t code_point);

}  // namespace thalweg
