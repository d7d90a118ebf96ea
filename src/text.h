// Numbers and text from outside as error messages and files show them.
#pragma once

#include <thalweg/text.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace thalweg::inline v0_1 {

/// The shortest text that reads back as the same double: `0.001`, `1e-08`, `inf`, `nan`.
std::string to_text(double value);

/// The name between double quotes, as `printable` shows it.
std::string in_quotes(std::string_view name);

/// The path, of which only what is longer than the system allows is cut.
std::string shown(const std::filesystem::path& file);

}  // namespace thalweg::inline v0_1
