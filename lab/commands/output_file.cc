// Refuses outputs that are inputs.
#include "commands/output_file.h"

#include "commands/exit.h"
#include "store/store.h"

#include <fmt/format.h>

#include <string>
#include <system_error>

namespace thalweg::lab {
namespace {

bool is_run_file(const std::string& name) {
  if (name == kCheckpointFile || name == kStudyFile || name == kModuleFile) return true;
  for (const char* const end : kBesideStudy) {
    if (name == std::string(kStudyFile) + end) return true;
  }
  return false;
}

/// The same file on disk; where one is not there yet, the same name.
bool are_same(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code reason;
  if (std::filesystem::exists(a, reason) && std::filesystem::exists(b, reason)) {
    return std::filesystem::equivalent(a, b, reason);
  }
  // Absolute first: of a relative name that is not there, weakly_canonical makes nothing else.
  const std::filesystem::path first = std::filesystem::weakly_canonical(std::filesystem::absolute(a, reason), reason);
  return !reason && first == std::filesystem::weakly_canonical(std::filesystem::absolute(b, reason), reason) && !reason;
}

}  // namespace

void check_output(std::string_view flag, const std::filesystem::path& output,
                  const std::vector<std::filesystem::path>& inputs) {
  if (is_run_file(output.filename().string())) {
    throw UsageError(fmt::format("{}: {} is the name of a file that runs keep; choose another", flag, output.string()));
  }
  if (std::error_code ignored; std::filesystem::is_directory(output, ignored)) {
    throw UsageError(fmt::format("{}: {} is a folder; expected a file's name", flag, output.string()));
  }
  for (const std::filesystem::path& input : inputs) {
    if (are_same(output, input)) {
      throw UsageError(
          fmt::format("{}: {} would replace {}, which is read; choose another", flag, output.string(), input.string()));
    }
    for (const char* const end : kBesideStudy) {
      if (are_same(output, input.string() + end)) {
        throw UsageError(fmt::format("{}: {} belongs to {}; choose another", flag, output.string(), input.string()));
      }
    }
  }
}

}  // namespace thalweg::lab
