// Checks files that a command is to write.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// Throws UsageError, which begins with `flag`, if writing `output` would replace one of the files that this command
/// reads (by whatever name: links are followed), or if it has the name of a file that runs keep in their folders.
void check_output(std::string_view flag, const std::filesystem::path& output,
                  const std::vector<std::filesystem::path>& inputs);

}  // namespace thalweg::lab
