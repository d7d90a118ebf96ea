// Shows text from outside.
#include "output/shown.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace thalweg::lab {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

/// The first character of the text, or its first byte where it is no UTF-8.
Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return {lead, 1, false};
  std::uint32_t code = lead & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {lead, 1, false};
    code = code << 6 | (byte(i) & 0x3f);
  }
  const bool too_long = code < (bytes == 4 ? 0x10000U : bytes == 3 ? 0x800U : 0x80U);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return too_long || surrogate || code > 0x10ffff ? Character{lead, 1, false} : Character{code, bytes, true};
}

/// Controls, and what turns or hides the characters beside it.
bool is_obeyed(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
         (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

std::string escaped(const Character& character) {
  if (!character.valid || character.code < 0x80) {
    if (character.code == '\n') return "\\n";
    if (character.code == '\r') return "\\r";
    if (character.code == '\t') return "\\t";
    return fmt::format("\\x{:02x}", character.code);
  }
  return fmt::format("\\u{:04x}", character.code);
}

std::string shown_whole(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Character character = first_of(text);
    if (character.valid && !is_obeyed(character.code)) {
      result += text.substr(0, character.bytes);
    } else {
      result += escaped(character);
    }
    text.remove_prefix(character.bytes);
  }
  return result;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_of(text);
    if (!character.valid) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

std::string shown(std::string_view text, std::size_t most) {
  if (text.size() <= most) return shown_whole(text);
  // Only its ends are looked at closely: a name may have a gigabyte.
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < text.size() && starts.size() <= most; at += first_of(text.substr(at)).bytes) {
    starts.push_back(at);
  }
  if (starts.size() <= most) return shown_whole(text);
  const std::size_t tail = most / 3, head = most - tail;
  std::size_t from = text.size();
  for (std::size_t i = 0; i < tail; ++i) {
    --from;
    while (from > 0 && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80) --from;
  }
  return shown_whole(text.substr(0, starts[head])) + "…" + shown_whole(text.substr(from));
}

}  // namespace thalweg::lab
