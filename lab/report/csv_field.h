// Fields of CSV (RFC 4180) that spreadsheets read as they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::lab {

/// A text: quoted where it must be. Spreadsheets run what begins with = + - @ (and with a tab or carriage return before
/// them): such a text gets a leading apostrophe.
std::string csv_field(std::string_view text);
/// As many digits as it takes to read the same number back; nan (of either sign), inf, -inf for what is not finite.
std::string csv_field(double value);
std::string csv_field(std::int64_t value);
std::string csv_field(std::uint64_t value);
/// Empty where there is none.
std::string csv_field(const std::optional<double>& value);

}  // namespace thalweg::lab
