// TrialFolders: makes paths and removes what is done with.
#include "study/trial_folders.h"

#include "store/folder_lock.h"

#include <fmt/core.h>

#include <charconv>
#include <set>
#include <string>
#include <system_error>
#include <utility>

namespace thalweg::lab {
namespace {

/// The trial whose folder has this name; 0 if none.
std::int64_t trial_of(const std::string& name) {
  std::int64_t trial = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), trial);
  return code == std::errc() && end == name.data() + name.size() ? trial : 0;
}

}  // namespace

TrialFolders::TrialFolders(std::filesystem::path study) : folder_(std::move(study)) {
  if (!folder_.empty()) folder_ = std::filesystem::absolute(folder_) / "trials";
}

std::filesystem::path TrialFolders::checkpoint(std::int64_t trial) const {
  return folder_.empty() ? folder_ : folder_ / std::to_string(trial) / kCheckpointFile;
}

void TrialFolders::remove(std::int64_t trial) const {
  if (folder_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder_ / std::to_string(trial), ignored);
  std::filesystem::remove(folder_, ignored);  // if it is empty
}

void TrialFolders::keep_only_unfinished(std::span<const TrialData> trials) const {
  std::error_code ignored;
  if (folder_.empty() || !std::filesystem::is_directory(folder_, ignored)) return;
  std::set<std::int64_t> unfinished;
  for (const TrialData& trial : trials) {
    if (trial.status != TrialStatus::finished && trial.status != TrialStatus::failed) unfinished.insert(trial.id);
  }
  std::set<std::int64_t> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    const std::int64_t trial = trial_of(entry.path().filename().string());
    if (trial > 0 && !unfinished.contains(trial)) left.insert(trial);
  }
  for (const std::int64_t trial : left) remove(trial);
}

}  // namespace thalweg::lab
