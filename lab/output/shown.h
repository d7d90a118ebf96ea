// Text from outside as it may be shown on a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg::lab {

/// The text in one line of valid UTF-8, nothing in which a terminal obeys or that hides what stands beside it: control
/// characters as `\x1b`, `\n`, `\u202e`, bytes that are no UTF-8 as `\xff`. A text of more than `most` characters loses
/// its middle, where `…` stands.
std::string shown(std::string_view text, std::size_t most = 4096);

bool is_utf8(std::string_view text);

}  // namespace thalweg::lab
