// Text files in UTF-8, plain or gzip, as code points.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace thalweg::lab {

constexpr std::uint64_t kMostCharacters = std::uint64_t{1} << 30;  ///< of a text: they take 4 GiB

/// The characters of a text file, one code point each; at least one. A byte order mark at the beginning is dropped, and
/// CR LF becomes LF; a CR alone stays. Files that begin with 1f 8b are gzip. Throws Error with file, offset (in the
/// uncompressed file) and line: of bytes that are not well-formed UTF-8, of U+0000, and of texts that are empty or
/// longer than kMostCharacters.
std::vector<char32_t> read_text(const std::filesystem::path& file);

}  // namespace thalweg::lab
