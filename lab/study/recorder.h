// Recorder: writes what a runner tells of its trials into the store, and counts how far the study is.
#pragma once

#include "store/record_buffer.h"
#include "store/store.h"
#include "study/study_progress.h"
#include "study/trial_folders.h"
#include "study/trial_runner.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace thalweg::lab {

class Recorder : public TrialEvents {
 public:
  /// Both must outlive it.
  Recorder(Store& store, TrialFolders folders, const StudyHooks& hooks)
      : store_(store), folders_(std::move(folders)), hooks_(hooks) {}

  /// Expects trials of so many epochs in all, of which some are done already. May be told anew as a study learns more;
  /// the fraction that is shown never falls.
  void expect(std::size_t trials, std::int64_t epochs, std::size_t trials_done, std::int64_t epochs_done);

  /// From now on messages and progress are of this phase.
  void begin(const std::string& phase);
  /// Has this trial be run: what messages begin with (`trial 3 (adam, seed 1)`), and how many epochs it is to train
  /// (again) from here on.
  void expect_trial(std::int64_t trial, std::string name, std::int64_t epochs);

  /// The trial is trained no further: this is its result. `epochs`: that it was expected to train and does not.
  void prune(std::int64_t trial, const TrainingResult& result, std::int64_t epochs);

  /// Trials that have ended in this process, well or not.
  const std::set<std::int64_t>& ended() const { return ended_; }
  std::size_t failures() const { return failures_; }

  /// Trials that were cut off are pending again.
  void release_running();

  void started(std::int64_t trial) override;
  void begins(std::int64_t trial, std::int64_t after_step) override;
  void progressed(std::int64_t trial, const Progress& progress) override;
  void step(std::int64_t trial, const StepRecord& record) override { active_.at(trial).records.add(record); }
  void diagnostics(std::int64_t trial, const DiagnosticRecord& record) override {
    active_.at(trial).records.add(record);
  }
  void epoch(std::int64_t trial, const EpochRecord& record) override;
  void before_checkpoint(std::int64_t trial) override;
  void lost(std::int64_t trial, const std::string& how) override;
  void finished(std::int64_t trial, const TrainingResult& result) override;
  void paused(std::int64_t trial) override;
  void failed(std::int64_t trial, const std::string& error) override;

 private:
  struct Active {
    std::string name;
    double epochs = 0, done = 0;
    bool running = false;
    RecordBuffer records;  // since they were last written
    std::chrono::steady_clock::time_point written{};
  };

  void flush(std::int64_t trial);
  void leave(std::int64_t trial);
  void end(std::int64_t trial);
  void report();

  Store& store_;
  TrialFolders folders_;
  const StudyHooks& hooks_;
  StudyProgress progress_;
  std::map<std::int64_t, Active> active_;
  double epochs_ = 0, epochs_done_ = 0, epochs_at_start_ = 0;
  std::optional<std::chrono::steady_clock::time_point> started_at_;
  std::set<std::int64_t> ended_;
  std::size_t failures_ = 0;
};

}  // namespace thalweg::lab
