// RunFolder: the folder of one training: its checkpoint and its records.
#include "commands/run_folder.h"

#include "study/environment.h"

#include <thalweg/error.h>
#include <thalweg/options.h>

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::chrono::seconds kBetweenFlushes{1};

void check_empty(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / kCheckpointFile)) {
    throw Error(
        fmt::format("{}: holds a run already; `thalweg train --resume {}` continues it, --overwrite begins anew",
                    folder.string(), shell_quoted(folder.string())));
  }
  if (!std::filesystem::is_empty(folder)) {
    throw Error(
        fmt::format("{}: the folder is not empty and holds no checkpoint to resume; choose another --out, or "
                    "give --overwrite (files that are not a run's are left alone)",
                    folder.string()));
  }
}

void remove_run(const std::filesystem::path& folder) {
  const std::string study = (folder / kStudyFile).string();
  // The log before its database: a new database must not find an old one's.
  for (const char* const part : {"-wal", "-shm", ""}) std::filesystem::remove(study + part);
  std::filesystem::remove(folder / kCheckpointFile);
}

// What the report calls the optimizer: its options without the learning rate, which has a column of its own.
std::string label(Options options) {
  if (options.has("lr")) options.set("lr", Options(options.rule()).get("lr"));
  return options.text();
}

TrialData trial_of(const TrainingConfig& config) {
  const Options options = parse_options(config.optimizer);
  TrialData trial;
  trial.optimizer = label(options);
  trial.lr = options.has("lr") ? options.get("lr") : 0;
  trial.config = config;
  trial.status = TrialStatus::running;
  return trial;
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path folder, FolderLock lock, Store store, std::int64_t trial)
    : folder_(std::move(folder)),
      lock_(std::move(lock)),
      store_(std::move(store)),
      trial_(trial),
      flushed_(std::chrono::steady_clock::now()) {}

RunFolder RunFolder::create(const std::filesystem::path& folder, const TrainingConfig& config, bool overwrite) {
  std::error_code reason;
  std::filesystem::create_directories(folder, reason);
  if (reason) throw Error(fmt::format("cannot create folder {}: {}", folder.string(), reason.message()));
  FolderLock lock(folder);
  if (overwrite) {
    remove_run(folder);
  } else {
    check_empty(folder);
  }
  StudyData study;
  study.name = folder.filename().empty() ? folder.parent_path().filename().string() : folder.filename().string();
  study.kind = "train";
  study.command = command_line({"--overwrite"});
  study.created = now_utc();
  study.config = config;
  study.environment = environment();
  Store store = Store::create(folder / kStudyFile, study);
  const std::int64_t trial = store.add_trial(trial_of(config));
  return {folder, std::move(lock), std::move(store), trial};
}

RunFolder RunFolder::resume(const std::filesystem::path& folder, std::int64_t step) {
  FolderLock lock(folder);
  Store store = Store::open(folder / kStudyFile);
  const StudyData study = store.load();
  if (study.kind != "train" || study.trials.size() != 1) {
    throw Error(fmt::format("{}: holds a study of kind '{}' with {} trials, not one training", store.file().string(),
                            study.kind, study.trials.size()));
  }
  const std::int64_t trial = study.trials.front().id;
  store.resume(trial, step);
  return {folder, std::move(lock), std::move(store), trial};
}

void RunFolder::add(const StepRecord& record) {
  steps_.push_back(record);
  if (std::chrono::steady_clock::now() - flushed_ > kBetweenFlushes) flush();
}

void RunFolder::add(const EpochRecord& record) {
  flush();
  store_.add_epoch(trial_, record);
}

void RunFolder::flush() {
  flushed_ = std::chrono::steady_clock::now();
  if (steps_.empty()) return;
  store_.add_steps(trial_, steps_);
  steps_.clear();
}

void RunFolder::finish(const TrainingResult& result) {
  flush();
  store_.finish(trial_, result);
}

void RunFolder::fail(const std::string& error) { store_.fail(trial_, error); }

}  // namespace thalweg::lab
