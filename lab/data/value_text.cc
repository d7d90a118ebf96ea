// Values as text: which are numbers, which are missing, and how errors show one.
#include "data/value_text.h"

#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace thalweg::lab {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

NumberText read_number(std::string_view text, double& value) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return NumberText::none;
  }
  // Only digits and points begin a number: from_chars would also read "inf" and "nan".
  const std::size_t first = !text.empty() && text.front() == '-' ? 1 : 0;
  if (first == text.size() || !(is_digit(text[first]) || text[first] == '.')) return NumberText::none;
  double read = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return NumberText::none;
  if (error == std::errc::result_out_of_range) return NumberText::out_of_range;
  value = read;
  return NumberText::number;
}

bool is_missing(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords = {"", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"};
  return text.size() <= 4 && std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

bool has_decimal_comma(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return false;
  std::string with_point(text);
  with_point[comma] = '.';
  double ignored = 0;
  return read_number(with_point, ignored) == NumberText::number;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 80;
  return fmt::format("'{}'", printable(text, kMost));
}

}  // namespace thalweg::lab
