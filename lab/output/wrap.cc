// Wraps lines at words.
#include "output/wrap.h"

#include <algorithm>

namespace thalweg::lab {
namespace {

/// Where the word that begins at `at` ends.
std::size_t end_of_word(std::string_view line, std::size_t at, std::size_t room) {
  std::size_t end = std::min(line.find(' ', at), line.size());
  const std::size_t open = line.find('`', at);
  if (open >= end) return end;
  const std::size_t close = line.find('`', open + 1);
  if (close == std::string_view::npos) return end;
  const std::size_t whole = std::max(end, std::min(line.find(' ', close), line.size()));
  return width_of(line.substr(at, whole - at)) <= room ? whole : end;
}

std::string wrapped_line(std::string_view line, std::size_t width, std::size_t indent) {
  if (width_of(line) <= width) return std::string(line);
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  // A quarter of the width has to be left for words.
  const std::string lead(begin + indent <= width / 4 * 3 ? begin + indent : begin, ' ');
  std::string result, current(line.substr(0, begin));
  bool empty = true;  // has the current line no word yet?
  for (std::size_t at = begin; at < line.size();) {
    const std::size_t word = std::min(line.find_first_not_of(' ', at), line.size());
    if (word == line.size()) break;
    const std::size_t end = end_of_word(line, word, width - std::min(width, lead.size()));
    if (!empty && width_of(current) + width_of(line.substr(at, end - at)) > width) {
      result += current + '\n';
      current = lead;
      at = word;
    }
    current += line.substr(at, end - at);
    empty = false;
    at = end;
  }
  return result + current;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return result + wrapped_line(text.substr(at), width, indent);
    result += wrapped_line(text.substr(at, end - at), width, indent) + '\n';
    at = end + 1;
  }
  return result;
}

}  // namespace thalweg::lab
