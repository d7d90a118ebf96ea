// JSON that comes from outside: recordings, studies, checkpoints, messages of other processes.
#pragma once

#include <nlohmann/json.hpp>

#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

namespace thalweg::lab {

/// `NaN`, `Infinity` and `-Infinity`, which JSON does not have and Python writes.
enum class NotFinite { refused, read };

/// Arrays and objects may be nested this deep: what copies, compares or prints a value goes down into it.
inline constexpr int kMostJsonDepth = 64;

/// Reads one JSON text. Throws thalweg::Error that names `source`, line and column (both from 1, columns in characters)
/// and is short whatever the text is: for what RFC 8259 rejects, text that is not UTF-8, half surrogate pairs, a key
/// that an object has already, deeper nesting, and numbers outside the range of double.
nlohmann::json parse_json(std::string_view text, std::string_view source, NotFinite words = NotFinite::refused);

/// The same of a whole file. Throws Error that names it also if it is no file (a folder, a pipe, a device), has more
/// than 1 GiB, or cannot be read.
nlohmann::json read_json_file(const std::filesystem::path& file, NotFinite words = NotFinite::refused);

/// The value for error messages: on one line, without control characters, cut where it is long.
std::string excerpt(const nlohmann::json& value);

/// What nlohmann's exceptions say of a value of another type or a key that is missing, without their number; what
/// others say as it is.
std::string plain_message(const std::exception& error);

}  // namespace thalweg::lab
