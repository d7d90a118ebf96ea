// Runs a comparison: tunes, chooses, trains the final trials, and keeps all of it in the store.
#pragma once

#include "store/store.h"
#include "study/compare_config.h"
#include "study/trial_runner.h"

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

namespace thalweg::lab {

/// How far a comparison is; for progress displays.
struct StudyProgress {
  std::size_t done = 0, total = 0, running = 0;  ///< trials
  double fraction = 0;                           ///< of the whole study's epochs, in [0, 1]
  double seconds_left = 0;                       ///< extrapolated; negative while unknown
  std::string phase;                             ///< `tuning` or `final`
};

/// What a comparison tells while it runs. Any may be empty.
struct StudyHooks {
  std::function<void(const StudyProgress&)> on_progress = {};  ///< often: several times a second
  std::function<void(const std::string&)> on_message = {};     ///< one line: a choice, a failed trial, a warning
  const std::atomic<bool>* stop_requested = nullptr;
};

enum class StudyEnd { complete, failed_trials, interrupted };

/// Runs what is not finished yet: trials that the store has as finished are kept, all others are run (again). May be
/// called again after an interruption, a crash or failed trials. Records choices and warnings as the study's outcome.
/// `config` must be the one the store was made with. Throws thalweg::Error if no optimizer could be trained at all.
StudyEnd run_compare(const CompareConfig& config, Store& store, const TrialRunner& runner, const StudyHooks& hooks);

}  // namespace thalweg::lab
