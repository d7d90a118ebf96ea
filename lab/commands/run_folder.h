// RunFolder: the folder of one training: its checkpoint and its records.
#pragma once

#include "store/folder_lock.h"
#include "store/store.h"
#include "training/config.h"
#include "training/records.h"
#include "training/trainer.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab {

/// `checkpoint.safetensors`: a run's checkpoint in its folder.
constexpr const char* kCheckpointFile = "checkpoint.safetensors";

/// Keeps what a training reports in a study of one trial.
class RunFolder {
 public:
  /// A new run. The folder must be new or empty; with `overwrite`, a run that is there is removed first, and other
  /// files are left alone. Throws Error that tells how to resume or to overwrite.
  static RunFolder create(const std::filesystem::path& folder, const TrainingConfig& config, bool overwrite);
  /// A run to be continued from its checkpoint, which stands behind `step`.
  static RunFolder resume(const std::filesystem::path& folder, std::int64_t step);

  std::filesystem::path checkpoint() const { return folder_ / kCheckpointFile; }

  void add(const StepRecord& record);
  void add(const EpochRecord& record);
  /// Writes what `add` still keeps in memory.
  void flush();
  void finish(const TrainingResult& result);
  void fail(const std::string& error);

 private:
  RunFolder(std::filesystem::path folder, FolderLock lock, Store store, std::int64_t trial);

  std::filesystem::path folder_;
  FolderLock lock_;
  Store store_;
  std::int64_t trial_;
  std::vector<StepRecord> steps_;  // not in the store yet
  std::chrono::steady_clock::time_point flushed_;
};

}  // namespace thalweg::lab
