// Text from outside (names, strings of files, paths) as messages may show it.
#pragma once

#include <thalweg/api.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg::inline v0_1 {

/// The text on one line, harmless to a terminal: valid UTF-8 in which control characters, line and paragraph separators
/// and what turns the direction of writing are escapes (`\n`, `\x1b`, `\u202e`), as are bytes that are no UTF-8
/// (`\xff`). A backslash stays as it is, so that nothing is escaped twice. Of what takes more than `most` bytes only
/// the beginning is there, and how long the text is: `aaaa… (1048576 bytes)`, in at most `most` bytes altogether.
THALWEG_API std::string printable(std::string_view text, std::size_t most = 200);

}  // namespace thalweg::inline v0_1
