// Values as text: which are numbers, which are missing, and how errors show one.
#include "data/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace thalweg::lab {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The powers of ten that are doubles without rounding.
constexpr std::array<double, 23> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                            1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

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

// Clinger's fast path: the digits as one integer below 2^53 and a power of ten up to 22 are both exact, so that their
// quotient or product is rounded once, as the nearest double is.
const char* read_plain_number(const char* text, double& value) {
  constexpr int kMostDigits = 18;  // which fit 64 bits
  const bool negative = *text == '-';
  if (negative || *text == '+') ++text;
  std::uint64_t digits = 0;
  const char* at = text;
  for (; is_digit(*at); ++at) digits = 10 * digits + static_cast<std::uint64_t>(*at - '0');
  std::ptrdiff_t count = at - text;
  std::ptrdiff_t exponent = 0;
  if (*at == '.') {
    const char* const point = ++at;
    for (; is_digit(*at); ++at) digits = 10 * digits + static_cast<std::uint64_t>(*at - '0');
    exponent = point - at;
    count -= exponent;
  }
  if (count == 0 || count > kMostDigits) return nullptr;
  if ((*at | 0x20) == 'e') {
    ++at;
    const bool below = *at == '-';
    if (below || *at == '+') ++at;
    const char* const first = at;
    std::ptrdiff_t power = 0;
    for (; is_digit(*at) && at - first < 4; ++at) power = 10 * power + (*at - '0');
    if (at == first || is_digit(*at)) return nullptr;
    exponent += below ? -power : power;
  }
  constexpr std::ptrdiff_t kMostPower = kPowers.size() - 1;
  if (digits > std::uint64_t{1} << 53 || exponent < -kMostPower || exponent > kMostPower) return nullptr;
  const double whole = static_cast<double>(digits);
  const double result = exponent < 0 ? whole / kPowers[static_cast<std::size_t>(-exponent)]
                                     : whole * kPowers[static_cast<std::size_t>(exponent)];
  value = negative ? -result : result;
  return at;
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
  constexpr std::size_t kMost = 60;
  const bool cut = text.size() > kMost;
  std::string result = "'";
  std::size_t size = cut ? kMost : text.size();
  // Never within a character of UTF-8.
  while (cut && size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  for (const char c : text.substr(0, size)) {
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else {
      result += c;
    }
  }
  return result + (cut ? fmt::format("…' ({} bytes)", text.size()) : "'");
}

}  // namespace thalweg::lab
