// TrialRunner: runs trials somewhere and tells what becomes of them.
#pragma once

#include "study/program.h"
#include "training/config.h"
#include "training/records.h"
#include "training/trainer.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// One trial to run.
struct Job {
  std::int64_t trial = 0;
  TrainingConfig config;
  std::filesystem::path checkpoint{};         ///< where the trial goes on from, if it is there; empty: none is written
  std::optional<std::int64_t> pause_after{};  ///< this epoch, with a checkpoint, unless it has ended by then
  ProgramCall program{};                      ///< what is run in place of a training, if it has words
};

/// Where trials come from: a runner asks whenever it has room for one, and again whenever one has ended or paused.
class JobSource {
 public:
  virtual ~JobSource() = default;
  /// The next trial; none: there is none now. If then none is running either, the runner is done.
  virtual std::optional<Job> next() = 0;
};

/// Gives jobs that are all known from the start, in their order.
class ListSource : public JobSource {
 public:
  explicit ListSource(std::vector<Job> jobs) : jobs_(std::move(jobs)) {}
  std::optional<Job> next() override { return next_ == jobs_.size() ? std::nullopt : std::optional(jobs_[next_++]); }

 private:
  std::vector<Job> jobs_;
  std::size_t next_ = 0;
};

/// What a runner tells of its trials, always on the thread that called it. Each trial is started once, or, if its
/// process was lost, once more; then finished, paused or failed.
class TrialEvents {
 public:
  virtual ~TrialEvents() = default;
  virtual void started(std::int64_t trial) = 0;
  /// It trains from here on, with nothing that was told of later steps; 0: from the beginning.
  virtual void begins(std::int64_t /*trial*/, std::int64_t /*after_step*/) {}
  virtual void progressed(std::int64_t trial, const Progress& progress) = 0;
  virtual void step(std::int64_t trial, const StepRecord& record) = 0;
  virtual void diagnostics(std::int64_t /*trial*/, const DiagnosticRecord& /*record*/) {}
  virtual void epoch(std::int64_t trial, const EpochRecord& record) = 0;
  /// A checkpoint is about to be written: what was told so far should be safe when this returns.
  virtual void before_checkpoint(std::int64_t /*trial*/) {}
  /// The process that ran it was killed; it will be started again, from its checkpoint if it has one.
  virtual void lost(std::int64_t /*trial*/, const std::string& /*how*/) {}
  virtual void finished(std::int64_t trial, const TrainingResult& result) = 0;
  /// It has come to Job::pause_after.
  virtual void paused(std::int64_t /*trial*/) {}
  virtual void failed(std::int64_t trial, const std::string& error) = 0;
};

/// Runs all that the source gives, several at once, and returns when there is no more and the last has ended. Returns
/// early if it was interrupted: then some trials have started and not ended.
using TrialRunner = std::function<void(JobSource&, TrialEvents&)>;

}  // namespace thalweg::lab
