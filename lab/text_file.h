// Reads a file that people name and that should be one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace thalweg::lab {

/// The whole file. Throws thalweg::Error, which names it, if it is a folder, a pipe or a device (from which there may
/// be nothing to read for ever, or more than memory holds), has more than `most` bytes, or cannot be read.
std::string read_text_file(const std::filesystem::path& file, std::size_t most);

/// Throws as `read_text_file` does if there is something of this name that is no file. Nothing there passes.
void check_is_file(const std::filesystem::path& file);

}  // namespace thalweg::lab
