// TrialRunner: runs trials somewhere and tells what becomes of them.
#pragma once

#include "training/config.h"
#include "training/records.h"
#include "training/trainer.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// One trial to run.
struct Job {
  std::int64_t trial = 0;
  TrainingConfig config;
};

/// What a runner tells of its trials, always on the thread that called it. Each trial is started once, then finished
/// or failed once.
class TrialEvents {
 public:
  virtual ~TrialEvents() = default;
  virtual void started(std::int64_t trial) = 0;
  virtual void progressed(std::int64_t trial, const Progress& progress) = 0;
  virtual void step(std::int64_t trial, const StepRecord& record) = 0;
  virtual void diagnostics(std::int64_t /*trial*/, const DiagnosticRecord& /*record*/) {}
  virtual void epoch(std::int64_t trial, const EpochRecord& record) = 0;
  virtual void finished(std::int64_t trial, const TrainingResult& result) = 0;
  virtual void failed(std::int64_t trial, const std::string& error) = 0;
};

/// Runs all jobs, several at once, and returns when the last has ended. Returns early if it was interrupted: then some
/// trials have started and not ended.
using TrialRunner = std::function<void(const std::vector<Job>&, TrialEvents&)>;

}  // namespace thalweg::lab
