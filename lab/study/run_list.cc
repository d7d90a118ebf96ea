// Finds, reads and removes runs and studies.
#include "study/run_list.h"

#include "store/folder_lock.h"
#include "store/store.h"
#include "study/program.h"
#include "tasks/task.h"
#include "training/kept_epoch.h"

#include <thalweg/error.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <system_error>

namespace thalweg::lab {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 6;  // folders below the one that is named

void find(const fs::path& folder, int depth, std::set<fs::path>& found) {
  std::error_code ignored;
  if (fs::exists(folder / kStudyFile, ignored)) found.insert(folder);
  if (depth == kDeepest) return;
  for (const auto& entry : fs::directory_iterator(folder, fs::directory_options::skip_permission_denied, ignored)) {
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) find(entry.path(), depth + 1, found);
  }
}

std::uintmax_t size_of(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    const std::uintmax_t size = fs::file_size(path, ignored);
    return ignored ? 0 : size;
  }
  std::uintmax_t sum = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path, ignored)) {
    if (entry.is_regular_file(ignored)) sum += entry.file_size(ignored);
  }
  return sum;
}

std::uintmax_t size_of_all(const std::vector<fs::path>& paths) {
  std::uintmax_t sum = 0;
  for (const fs::path& path : paths) sum += size_of(path);
  return sum;
}

std::string about(const StudyData& study) {
  if (study.config.is_object() && study.config.contains("program")) {
    const Program program = study.config["program"].get<Program>();
    std::string words;
    for (const std::string& word : program.command) words += (words.empty() ? "" : " ") + word;
    return words;
  }
  if (study.trials.empty()) return "";
  const TrainingConfig& config = study.trials.front().config;
  return fmt::format("{} on {}", config.model, config.data);
}

std::optional<double> best_value(const StudyData& study) {
  const Metric& metric = find_task(study.task).primary();
  std::optional<double> best;
  for (const TrialData& trial : study.trials) {
    const std::optional<double> value = value_of_run(trial.epochs, trial.config, metric);
    if (value && (!best || metric.is_better(*value, *best))) best = value;
  }
  return best;
}

void remove_path(const fs::path& path) {
  std::error_code reason;
  fs::remove_all(path, reason);
  if (reason) throw Error(fmt::format("cannot remove {}: {}", path.string(), reason.message()));
}

}  // namespace

std::vector<fs::path> study_folders(const std::vector<fs::path>& below) {
  std::set<fs::path> found;
  for (const fs::path& folder : below) {
    if (!fs::exists(folder)) throw Error(fmt::format("{}: no such folder", folder.string()));
    if (!fs::is_directory(folder)) throw Error(fmt::format("{}: is no folder", folder.string()));
    find(folder, 0, found);
  }
  return {found.begin(), found.end()};
}

RunInfo run_info(const fs::path& folder) {
  RunInfo info;
  info.folder = folder;
  info.bytes = size_of_all(owned_paths(folder, Owned::all));
  info.checkpoint_bytes = size_of_all(owned_paths(folder, Owned::checkpoints));
  try {
    const StudyData study = Store::open_for_reading(folder / kStudyFile).load();
    info.kind = study.kind;
    info.task = study.task;
    info.created = study.created;
    info.about = about(study);
    info.trials = study.trials.size();
    info.ended = static_cast<std::size_t>(std::ranges::count_if(study.trials, [](const TrialData& trial) {
      return trial.status == TrialStatus::finished || trial.status == TrialStatus::failed;
    }));
    info.value = best_value(study);
  } catch (const std::exception& error) {
    info.damage = error.what();
  }
  return info;
}

std::vector<fs::path> owned_paths(const fs::path& folder, Owned which) {
  std::vector<fs::path> candidates{folder / kCheckpointFile, folder / kModuleFile, folder / "trials"};
  if (which == Owned::all) {
    for (const char* const name : {"best.toml", "plan.json", "tasks"}) candidates.push_back(folder / name);
    for (const char* const end : kBesideStudy) candidates.emplace_back((folder / kStudyFile).string() + end);
    candidates.push_back(folder / kStudyFile);
  }
  std::erase_if(candidates, [](const fs::path& path) { return !fs::exists(path); });
  return candidates;
}

void remove_owned(const fs::path& folder, Owned which) {
  {
    const FolderLock lock(folder);
    for (const fs::path& path : owned_paths(folder, which)) remove_path(path);
  }
  std::error_code not_empty;
  if (which == Owned::all) fs::remove(folder, not_empty);
}

}  // namespace thalweg::lab
