// Store: a study in one SQLite file, written while it runs and readable at any moment.
#pragma once

#include "store/folder_lock.h"
#include "store/study_data.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// One study's file: configuration, versions, trials, records by step and epoch, outcome. One writer and any number of
/// readers, in any processes. Every call is one transaction: after a crash the file holds all calls that returned.
/// Every call throws thalweg::Error, which names the file, if the file is damaged or locked for long, if the disk is
/// full, or if the file is no longer in its place (its folder was removed, say), which is found out by each call that
/// writes.
///
/// The study's row and each finished trial have a checksum, so that a bit that a disk has changed is noticed.
class Store {
 public:
  /// A new file, which is there with all of the study or not at all. Throws Error if it exists. Ids of trials are given
  /// anew: 1, 2, …
  static Store create(const std::filesystem::path& file, const StudyData& study);
  /// One that is in no file, and gone with this object.
  static Store in_memory(const StudyData& study);
  /// For reading and writing. Throws Error if the file is missing, damaged, no study, or of a newer thalweg. A finished
  /// trial that is damaged is found by `load`.
  static Store open(const std::filesystem::path& file);
  /// For `load` alone. Only reads, and makes nothing beside the file: works where nothing may be written, and while
  /// another process writes.
  static Store open_for_reading(const std::filesystem::path& file);
  /// What a study is, without its trials, which may be damaged. Only reads, as `open_for_reading`.
  static StudyData load_plan(const std::filesystem::path& file);

  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  const std::filesystem::path& file() const;

  /// Replaces what the study has found out (StudyData::outcome).
  void set_outcome(const nlohmann::json& outcome);
  /// Replaces what the study is, for one that goes on: configuration, command and outcome, at once.
  void set_plan(const nlohmann::json& config, const std::string& command, const nlohmann::json& outcome);

  /// Adds the trial with all its parts (status, result, records); `trial.id` is ignored. Returns its id.
  std::int64_t add_trial(const TrialData& trial);
  /// Likewise all of them, or none.
  std::vector<std::int64_t> add_trials(std::span<const TrialData> trials);
  void set_status(std::int64_t trial, TrialStatus status);
  /// Makes the trial `running` and drops what an earlier attempt had recorded.
  void restart(std::int64_t trial);
  /// Makes the trial `running` and drops the records after `step`: for a run that resumes from a checkpoint there.
  void resume(std::int64_t trial, std::int64_t step);
  void add_records(std::int64_t trial, std::span<const StepRecord> steps, std::span<const DiagnosticRecord> diagnostics,
                   std::span<const EpochRecord> epochs);
  /// The trial is finished (with whatever outcome): its last records, and its result.
  void finish(std::int64_t trial, const TrainingResult& result, std::span<const StepRecord> steps = {},
              std::span<const DiagnosticRecord> diagnostics = {}, std::span<const EpochRecord> epochs = {});
  /// The trial has failed, and why.
  void fail(std::int64_t trial, const std::string& error);

  /// Forgets the trial and its records.
  void remove(std::int64_t trial);
  /// Forgets the finished trials that are damaged, so that they can be trained anew. Returns their ids.
  std::vector<std::int64_t> remove_damaged();

  /// The whole study, as of one moment; trials by id, records by step. Throws Error that names what is damaged, and
  /// what to do.
  StudyData load() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The study's file for what a person names: the file itself, or `study.sqlite` in that folder. Throws Error if
/// neither is there.
std::filesystem::path find_study(const std::filesystem::path& file_or_folder);

/// What SQLite may write beside a study's file, under its name and one of these.
inline constexpr std::array kBesideStudy{"-journal", "-wal", "-shm"};

/// Removes a study, whether it is there or not.
void remove_study(const std::filesystem::path& file);

/// The time now as StudyData::created has it: `2026-01-31T12:00:00Z`.
std::string now_utc();

}  // namespace thalweg::lab
