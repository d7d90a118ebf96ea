// Values as text: which are numbers, which are missing, and how errors show one.
#pragma once

#include <string>
#include <string_view>

namespace thalweg::lab {

/// What a text is as a number.
enum class NumberText {
  number,
  out_of_range,  ///< a number, but no finite double: beyond 1.8e308, or nearer to 0 than 4.9e-324 and not 0
  none,          ///< no number; "inf" and "nan" are none
};

/// Reads a whole text as std::from_chars reads numbers; one + may stand before it. Sets `value` if it is a number.
NumberText read_number(std::string_view text, double& value);

/// Is it one of the words for nothing: empty, NA, N/A, NaN, nan, null, NULL, None, ?
bool is_missing(std::string_view text);

/// Is it a number with a comma where the point should be, such as 1,5?
bool has_decimal_comma(std::string_view text);

/// A value or name in quotes for an error, on one line, harmless to a terminal, and cut where it is long.
std::string shown(std::string_view text);

}  // namespace thalweg::lab
