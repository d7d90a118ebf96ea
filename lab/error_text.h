// What an exception says to people.
#pragma once

#include <exception>
#include <string>

namespace thalweg::lab {

/// The error in one line: LibTorch's without its backtrace, and no memory as `out of memory`, with how much was asked
/// for where that is known.
std::string error_text(const std::exception& error);

}  // namespace thalweg::lab
