// RunFolder: the folder of one training: its checkpoint and its records.
#include "commands/run_folder.h"

#include "models/script_model.h"
#include "study/environment.h"
#include "study/new_study.h"
#include "training/optimizer.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <fmt/format.h>

#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::chrono::seconds kBetweenFlushes{1};

/// A run of this configuration that was cut off in front of its first checkpoint: the same command begins it anew.
bool ended_before_checkpoint(const std::filesystem::path& study_file, const TrainingConfig& config) {
  const StudyData study = Store::open_for_reading(study_file).load();
  if (study.kind != "train" || study.trials.size() > 1) return false;
  if (study.trials.empty()) return true;  // as earlier versions could leave it
  const TrialData& trial = study.trials.front();
  const bool same = nlohmann::json(trial.config) == nlohmann::json(config);
  return !trial.result && (same || trial.epochs.empty());
}

void check_free(const std::filesystem::path& folder, const TrainingConfig& config) {
  if (std::filesystem::exists(folder / kCheckpointFile)) {
    throw Error(
        fmt::format("{}: holds a run already; `thalweg train --resume {}` continues it, --overwrite begins anew",
                    folder.string(), shell_quoted(folder.string())));
  }
  if (std::filesystem::exists(folder / kStudyFile)) {
    try {
      if (ended_before_checkpoint(folder / kStudyFile, config)) return;
    } catch (const Error& error) {
      throw Error(fmt::format("{}; --overwrite begins anew", error.what()));
    }
    throw Error(fmt::format("{}: holds the records of another run or study; choose another --out, or give --overwrite",
                            folder.string()));
  }
  if (!std::filesystem::is_empty(folder)) {
    throw Error(
        fmt::format("{}: the folder is not empty and holds no checkpoint to resume; choose another --out, or "
                    "give --overwrite (files that are not a run's are left alone)",
                    folder.string()));
  }
}

TrialData trial_of(const TrainingConfig& config) {
  const Description description = read_optimizer(config.optimizer);
  TrialData trial;
  trial.optimizer = without_lr(description);
  trial.lr = description.options.get("lr");
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

RunFolder RunFolder::create(const std::filesystem::path& folder, const TrainingConfig& config, const std::string& task,
                            bool overwrite, const std::string& command) {
  FolderLock lock = lock_folder(folder);
  if (!overwrite) check_free(folder, config);
  std::vector<std::byte> module;  // first: it may be the copy in this very folder
  if (is_script_file(config.model)) module = read_file(config.model);
  remove_study(folder / kStudyFile);
  std::filesystem::remove(folder / kCheckpointFile);
  std::filesystem::remove(folder / kModuleFile);
  StudyData study = new_study(folder, "train", task, command, config);
  study.trials = {trial_of(config)};
  RunFolder run(folder, std::move(lock), Store::create(folder / kStudyFile, study), 1);
  if (!module.empty()) replace_file(folder / kModuleFile, module);
  return run;
}

RunFolder RunFolder::resume(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder / kCheckpointFile)) {
    throw Error(fmt::format("{}: there is no {} to resume; `thalweg train --out {} --overwrite` begins anew",
                            folder.string(), kCheckpointFile, shell_quoted(folder.string())));
  }
  FolderLock lock(folder);
  Store store = Store::open(folder / kStudyFile);
  const StudyData study = store.load();
  if (study.kind != "train" || study.trials.size() != 1) {
    throw Error(fmt::format("{}: holds a study of kind '{}' with {} trials, not one training", store.file().string(),
                            study.kind, study.trials.size()));
  }
  return {folder, std::move(lock), std::move(store), study.trials.front().id};
}

void RunFolder::rewind(std::int64_t step) { store_.resume(trial_, step); }

std::vector<DiagnosticRecord> RunFolder::diagnostics() const { return store_.load().trials.front().diagnostics; }

void RunFolder::add(const StepRecord& record) {
  records_.add(record);
  if (std::chrono::steady_clock::now() - flushed_ > kBetweenFlushes) flush();
}

void RunFolder::add(const DiagnosticRecord& record) { records_.add(record); }

void RunFolder::add(const EpochRecord& record) {
  records_.add(record);
  flush();
}

void RunFolder::flush() {
  flushed_ = std::chrono::steady_clock::now();
  records_.write(store_, trial_);
}

void RunFolder::finish(const TrainingResult& result) { records_.finish(store_, trial_, result); }

void RunFolder::fail(const std::string& error) noexcept {
  try {
    store_.fail(trial_, error);
  } catch (const std::exception&) {  // the error itself is what matters, and may well be why
  }
}

}  // namespace thalweg::lab
