// StudyRunner: runs a study's trials in workers, shows how far it is, and hears interruptions.
#pragma once

#include "commands/exit.h"
#include "commands/study_display.h"
#include "study/study_progress.h"
#include "study/trial_runner.h"
#include "study/worker_pool.h"

#include <atomic>
#include <string>

namespace thalweg::lab {

class StudyRunner {
 public:
  explicit StudyRunner(int jobs) : pool_({.jobs = jobs, .stop_requested = &stop_}) {}
  ~StudyRunner() { display_.clear(); }
  StudyRunner(const StudyRunner&) = delete;
  StudyRunner& operator=(const StudyRunner&) = delete;

  /// A line that stays.
  void say(const std::string& text) { display_.say(text); }
  const StudyHooks& hooks() const { return hooks_; }
  TrialRunner trials() {
    return [this](JobSource& source, TrialEvents& events) { pool_.run(source, events); };
  }

 private:
  const std::atomic<bool>& stop_ = watch_for_interrupt();
  StudyDisplay display_;
  StudyHooks hooks_{.on_progress = [this](const StudyProgress& progress) { display_.update(progress); },
                    .on_message = [this](const std::string& text) { display_.say(text); },
                    .stop_requested = &stop_};
  WorkerPool pool_;
};

}  // namespace thalweg::lab
