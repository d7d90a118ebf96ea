// Numbers and text from outside as error messages and files show them.
#include "text.h"

#include "checkpoint/utf8.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace thalweg::inline v0_1 {
namespace {

/// Does the character move the cursor, break the line or turn the direction in which what follows is shown?
bool is_unprintable(std::uint32_t character) {
  const auto within = [&](std::uint32_t first, std::uint32_t last) { return character >= first && character <= last; };
  return character < 0x20 || within(0x7F, 0x9F) || character == 0x061C || within(0x200E, 0x200F) ||
         within(0x2028, 0x202E) || within(0x2066, 0x2069) || character == 0xFEFF;
}

void append_escape(std::string& text, char kind, std::uint32_t number, int digits) {
  constexpr std::string_view kHexadecimal = "0123456789abcdef";
  text += '\\';
  text += kind;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += kHexadecimal[number >> shift & 15];
}

void append_escape(std::string& text, std::uint32_t character) {
  switch (character) {
    case '\n':
      text += "\\n";
      return;
    case '\r':
      text += "\\r";
      return;
    case '\t':
      text += "\\t";
      return;
    default:
      if (character < 0x80) {
        append_escape(text, 'x', character, 2);
      } else {
        append_escape(text, 'u', character, 4);
      }
  }
}

}  // namespace

std::string to_text(double value) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

std::string printable(std::string_view text, std::size_t most) {
  const std::string ending = "… (" + std::to_string(text.size()) + " bytes)";
  const std::size_t most_before_ending = most - std::min(most, ending.size());
  std::string result;
  std::size_t cut = 0;  // the last place that leaves room for the ending
  for (std::size_t at = 0; at < text.size();) {
    const DecodedUtf8 character = decode_utf8(text.substr(at));
    if (character.length == 0) {
      append_escape(result, 'x', static_cast<unsigned char>(text[at]), 2);
    } else if (is_unprintable(character.code_point)) {
      append_escape(result, character.code_point);
    } else {
      result += text.substr(at, character.length);
    }
    at += std::max<std::size_t>(1, character.length);
    if (result.size() > most) return result.substr(0, cut) + ending;
    if (result.size() <= most_before_ending) cut = result.size();
  }
  return result;
}

std::string in_quotes(std::string_view name) { return '"' + printable(name) + '"'; }

std::string shown(const std::filesystem::path& file) {
  constexpr std::size_t kLongestPath = 4096;
  return printable(file.string(), kLongestPath);
}

}  // namespace thalweg::inline v0_1
