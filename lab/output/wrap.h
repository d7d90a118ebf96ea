// Breaks text into lines of a terminal's width.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg::lab {

/// Columns a terminal needs for the text: code points, not bytes.
std::size_t width_of(std::string_view text);

/// Breaks every line that is wider, between words; what follows is indented as the line is, and `indent` more. What
/// stands in `backticks` is one word if a line has room for it, so that commands can be copied.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent = 0);

}  // namespace thalweg::lab
