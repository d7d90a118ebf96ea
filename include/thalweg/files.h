// Whole-file input and output: atomic replacement through one layer over write, fsync and rename.
#pragma once

#include <thalweg/api.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace thalweg::inline v0_1 {

/// Replaces `file` by these bytes so that at every moment, power cuts included, either the old or the new contents are
/// there, whole: writes a sibling temporary file, fsyncs it, renames it, fsyncs the directory. Throws Error, with the
/// call that failed and the system's reason, and leaves the old file and no temporary one.
THALWEG_API void replace_file(const std::filesystem::path& file, std::span<const std::byte> contents);
THALWEG_API void replace_file(const std::filesystem::path& file, std::string_view contents);

/// The whole file. Throws Error with the system's reason.
THALWEG_API std::vector<std::byte> read_file(const std::filesystem::path& file);

}  // namespace thalweg::inline v0_1
