// Utf8Reader: UTF-8 to code points, byte by byte; what names may be printed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace thalweg::lab {

/// Takes a text byte by byte and tells its code points. Well-formed is what The Unicode Standard says (15.0, table
/// 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
class Utf8Reader {
 public:
  /// False if this byte cannot stand here; nothing may be taken after that.
  bool take(std::uint8_t byte);
  /// The code point that the last byte completed.
  std::optional<char32_t> completed() const;
  /// Of the bytes taken, how many belong to a code point that is not complete yet: 0 to 3.
  int pending() const { return missing_ == 0 ? 0 : taken_; }

 private:
  char32_t value_ = 0;
  int taken_ = 0, missing_ = 0;                  // bytes of the code point at hand
  std::uint8_t lowest_ = 0x80, highest_ = 0xbf;  // of its next byte
};

/// Is this UTF-8 without control characters, so that it can be printed and stands in JSON?
bool is_printable(std::string_view text);

}  // namespace thalweg::lab
