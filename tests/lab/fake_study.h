// A comparison whose trainings are pretended: for tests of what is trained, chosen and kept.
#pragma once

#include "idx_files.h"
#include "study/run_compare.h"
#include "study/study_folder.h"

#include <thalweg/options.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace thalweg::lab::test {

/// Two optimizers, a given grid of three rates, two seeds.
inline CompareConfig sample_config() {
  CompareConfig config;
  config.optimizers = {"rmsprop:lr=0.5", "sgd:momentum=0.9"};
  config.tuning.grid = {1e-3, 1e-2, 1e-1};
  config.tuning.given = true;
  config.tuning.seeds = {101, 102, 103};
  config.tuning.epochs = 2;
  config.seeds = {1, 2};
  config.training.stop.epochs = 5;
  return config;
}

/// What a pretended training ends with.
struct Pretended {
  double accuracy = 0.5, loss = 1;
  bool diverged = false, crashes = false;
};

inline double lr_of(const TrainingConfig& config) { return parse_options(config.optimizer).get("lr"); }

/// Pretends to train; remembers what it was given.
class FakeRunner {
 public:
  std::function<Pretended(const TrainingConfig&)> train = [](const TrainingConfig&) { return Pretended{}; };
  std::size_t stop_after = 1'000'000;  ///< jobs, then it is interrupted in the middle of one
  std::atomic<bool> stopped = false;
  std::vector<TrainingConfig> given;

  TrialRunner runner() {
    return [this](JobSource& source, TrialEvents& events) {
      while (const std::optional<Job> next = source.next()) {
        const Job& job = *next;
        given.push_back(job.config);
        events.started(job.trial);
        events.begins(job.trial, 0);
        events.step(job.trial, {.step = 1, .loss = 2, .lr = 1});
        if (given.size() > stop_after) {
          stopped = true;
          return;
        }
        pretend(job, events);
      }
    };
  }

 private:
  void pretend(const Job& job, TrialEvents& events) const {
    const Pretended end = train(job.config);
    if (end.crashes) return events.failed(job.trial, "killed by SIGSEGV");
    TrainingResult result;
    result.outcome = end.diverged ? Outcome::diverged : Outcome::completed;
    if (job.config.test_at_end) result.test = {{"loss", end.loss}, {"accuracy", end.accuracy}};
    if (!end.diverged) {
      events.epoch(job.trial, {.epoch = 1, .step = 1, .validation = MetricValues{{"loss", 9}, {"accuracy", 0.99}}});
      events.epoch(job.trial,
                   {.epoch = 2, .step = 2, .validation = MetricValues{{"loss", end.loss}, {"accuracy", end.accuracy}}});
    }
    events.finished(job.trial, result);
  }
};

class StudyTest : public testing::Test {
 protected:
  /// As `thalweg compare` with this configuration in the same folder.
  StudyEnd run(const CompareConfig& config = sample_config(), const std::string& command = "thalweg compare …") {
    StudyFolder folder = open_study_folder(folder_.path(), config, "classification", command, false);
    for (const std::string& note : folder.notes) messages_ += note + '\n';
    const StudyHooks hooks{.on_progress = [this](const StudyProgress& progress) { progress_.push_back(progress); },
                           .on_message = [this](const std::string& text) { messages_ += text + '\n'; },
                           .stop_requested = &fake_.stopped};
    fake_.given.clear();
    return run_compare(folder.config, folder.store, fake_.runner(), hooks);
  }
  StudyData load() const { return Store::open_for_reading(folder_.path() / kStudyFile).load(); }

  TemporaryFolder folder_;
  FakeRunner fake_;
  std::string messages_;
  std::vector<StudyProgress> progress_;
};

}  // namespace thalweg::lab::test
