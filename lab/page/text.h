// Text of a page: escaping, and numbers with sensible digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace thalweg::lab {

/// Bytes that are no UTF-8 become U+FFFD.
std::string valid_utf8(std::string_view text);
/// For HTML's text and quoted attributes. Valid UTF-8 without control characters (but line feed and tab).
std::string escape_html(std::string_view text);

/// Text from outside as HTML, isolated from the direction of the text around it.
std::string isolated(std::string_view text);

/// So many digits after the point; `nan` (of either sign), `∞`, and four significant digits from 10⁷ on.
std::string fixed(double value, int digits);
/// Four significant digits, or `nan` (of either sign), `∞`.
std::string number(double value);
/// `0.001`, `1e-05`: as short as the value allows.
std::string learning_rate(double lr);
/// `10,000`.
std::string thousands(std::int64_t n);
/// A share as percent without the sign: `87.5`; `–` where it is NaN.
std::string percent(double share);
/// A level in [0, 1] as `95 %`, `98.3 %`.
std::string confidence(double level);
/// With a large first letter, if that is of ASCII.
std::string capitalized(std::string text);
/// `1 seed`, `8 seeds`.
std::string count(std::size_t n, std::string_view singular);
/// `a, b and c`.
std::string enumerate(std::span<const std::string> items);

}  // namespace thalweg::lab
