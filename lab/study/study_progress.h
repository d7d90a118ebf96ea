// What a study tells while it runs, and how it ends.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

namespace thalweg::lab {

/// How far a study is; for progress displays.
struct StudyProgress {
  std::size_t done = 0, total = 0, running = 0;  ///< trials
  double fraction = 0;                           ///< of the whole study's epochs, in [0, 1]
  double seconds_left = 0;                       ///< extrapolated; negative while unknown
  std::string phase;                             ///< `tuning` or `final`
};

/// What a study tells while it runs. Any may be empty.
struct StudyHooks {
  std::function<void(const StudyProgress&)> on_progress = {};  ///< often: several times a second
  std::function<void(const std::string&)> on_message = {};     ///< one line: a choice, a failed trial, a warning
  /// A trial is about to write a checkpoint, and the store has all records up to it.
  std::function<void()> before_checkpoint = {};
  const std::atomic<bool>* stop_requested = nullptr;
};

enum class StudyEnd { complete, failed_trials, interrupted };

}  // namespace thalweg::lab
