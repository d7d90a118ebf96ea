// Fields of CSV (RFC 4180) that spreadsheets read as they are.
#include "report/csv_field.h"

#include "page/text.h"

#include <fmt/format.h>

#include <cmath>

namespace thalweg::lab {

std::string csv_field(std::string_view text) {
  std::string safe = valid_utf8(text);
  if (!safe.empty() && std::string_view("=+-@\t\r\n").find(safe.front()) != std::string_view::npos)
    safe.insert(safe.begin(), '\'');
  if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
  std::string quoted = "\"";
  for (const char c : safe) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string csv_field(double value) { return std::isnan(value) ? "nan" : fmt::format("{}", value); }
std::string csv_field(std::int64_t value) { return fmt::format("{}", value); }
std::string csv_field(std::uint64_t value) { return fmt::format("{}", value); }
std::string csv_field(const std::optional<double>& value) { return value ? csv_field(*value) : std::string(); }

}  // namespace thalweg::lab
