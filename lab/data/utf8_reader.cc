// Utf8Reader: UTF-8 to code points, byte by byte; what names may be printed.
#include "data/utf8_reader.h"

namespace thalweg::lab {

bool Utf8Reader::take(std::uint8_t byte) {
  if (missing_ > 0) {
    if (byte < lowest_ || byte > highest_) return false;
    value_ = value_ << 6 | (byte & 0x3fu);
    lowest_ = 0x80;
    highest_ = 0xbf;
    ++taken_;
    --missing_;
    return true;
  }
  value_ = byte;
  taken_ = 1;
  if (byte < 0x80) return true;
  if (byte < 0xc2 || byte > 0xf4) return false;
  missing_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  value_ = byte & (0x3fu >> missing_);
  // The range of the second byte is narrower where the full one would be overlong, a surrogate or too large.
  if (byte == 0xe0) lowest_ = 0xa0;
  if (byte == 0xed) highest_ = 0x9f;
  if (byte == 0xf0) lowest_ = 0x90;
  if (byte == 0xf4) highest_ = 0x8f;
  return true;
}

std::optional<char32_t> Utf8Reader::completed() const {
  if (taken_ == 0 || missing_ > 0) return std::nullopt;
  return value_;
}

bool is_printable(std::string_view text) {
  Utf8Reader reader;
  for (const char c : text) {
    if (!reader.take(static_cast<std::uint8_t>(c))) return false;
    const std::optional<char32_t> character = reader.completed();
    if (character && (*character < 0x20 || (*character >= 0x7f && *character < 0xa0))) return false;
  }
  return reader.pending() == 0;
}

}  // namespace thalweg::lab
