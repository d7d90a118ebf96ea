// RunFolder: the folder of one training: its checkpoint and its records.
#pragma once

#include "store/folder_lock.h"
#include "store/record_buffer.h"
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

/// Keeps what a training reports in a study of one trial.
class RunFolder {
 public:
  /// A new run. The folder must be new or empty, or hold a run of this configuration that ended before its first
  /// checkpoint; with `overwrite`, a run that is there is removed first, and other files are left alone. Throws Error
  /// that tells how to resume or to overwrite. `task` is that of the data, `command` does the same
  /// training again.
  static RunFolder create(const std::filesystem::path& folder, const TrainingConfig& config, const std::string& task,
                          bool overwrite, const std::string& command);
  /// A run to be continued. No other process writes into the folder from now on, so its checkpoint is to be read after
  /// this; then `rewind` to it. Throws Error that tells how to begin anew if there is no checkpoint.
  static RunFolder resume(const std::filesystem::path& folder);

  std::filesystem::path checkpoint() const { return folder_ / kCheckpointFile; }
  /// Drops the records after `step`, where the checkpoint stands.
  void rewind(std::int64_t step);
  /// What the store has of the steps that were looked into.
  std::vector<DiagnosticRecord> diagnostics() const;

  void add(const StepRecord& record);
  void add(const DiagnosticRecord& record);
  void add(const EpochRecord& record);
  /// Writes what `add` still keeps in memory.
  void flush();
  void finish(const TrainingResult& result);
  /// Keeps why the run failed, if that can still be written.
  void fail(const std::string& error) noexcept;

 private:
  RunFolder(std::filesystem::path folder, FolderLock lock, Store store, std::int64_t trial);

  std::filesystem::path folder_;
  FolderLock lock_;
  Store store_;
  std::int64_t trial_;
  RecordBuffer records_;
  std::chrono::steady_clock::time_point flushed_;
};

}  // namespace thalweg::lab
