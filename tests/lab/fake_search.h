// A search whose trainings are pretended by several workers that end in any order: for tests of what is proposed,
// stopped and kept.
#pragma once

#include "idx_files.h"
#include "study/run_tune.h"
#include "study/tune_folder.h"
#include "study/tune_results.h"

#include <thalweg/options.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab::test {

/// One range, RMSprop's rate; eight epochs.
inline TuneConfig sample_search(const std::string& sampler = "tpe", std::int64_t trials = 20) {
  TuneConfig config;
  config.ranges = {"lr=log:1e-5:1"};
  config.sampler = sampler;
  config.trials = trials;
  config.training.stop.epochs = 8;
  config.training.batch = 10;
  config.training.threads = 1;
  return config;
}

/// Workers that pretend to train, one epoch of one of them at a time, in an order that `order` chooses. What they had
/// trained when they were stopped they go on from, as from a checkpoint.
class FakeWorkers {
 public:
  /// The accuracy after this epoch; nothing: it diverges there.
  std::function<std::optional<double>(const TrainingConfig&, std::int64_t epoch)> accuracy =
      [](const TrainingConfig& config, std::int64_t epoch) -> std::optional<double> {
    const double lr = parse_options(config.optimizer).get("lr");
    const double distance = std::log10(lr) + 2.5, learned = 1 - std::pow(0.5, static_cast<double>(epoch));
    const double luck = 0.01 * std::sin(static_cast<double>(config.seed) + 1000 * lr);
    return 0.1 + 0.8 * learned * std::max(0.0, 1 - 0.05 * distance * distance) + luck;
  };
  std::function<std::string(const TrainingConfig&)> error = [](const TrainingConfig&) { return std::string(); };
  int workers = 2;
  unsigned order = 1;
  std::int64_t stop_after = 1'000'000;  ///< epochs of all trials together, then it is interrupted
  std::atomic<bool> stopped = false;
  std::map<std::int64_t, std::int64_t> trained;  ///< epochs by trial, repeated ones counted again

  TrialRunner runner() {
    return [this](JobSource& source, TrialEvents& events) { run(source, events); };
  }

 private:
  struct Busy {
    Job job;
    std::int64_t epoch = 0;
  };

  void run(JobSource& source, TrialEvents& events) {
    std::mt19937 random(order);
    std::vector<Busy> busy;
    while (true) {
      while (std::ssize(busy) < workers) {
        std::optional<Job> job = source.next();
        if (!job) break;
        begin(busy.emplace_back(Busy{std::move(*job)}), events);
      }
      if (busy.empty()) return;
      const std::size_t i = random() % busy.size();
      if (stop_after-- == 0) {
        stopped = true;
        return;
      }
      if (!train(busy[i], events)) busy.erase(busy.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  void begin(Busy& busy, TrialEvents& events) {
    busy.epoch = busy.job.checkpoint.empty() ? 0 : checkpoints_[busy.job.checkpoint];
    events.started(busy.job.trial);
    events.begins(busy.job.trial, 10 * busy.epoch);
  }

  /// False if the trial has ended or paused.
  bool train(Busy& busy, TrialEvents& events) {
    const Job& job = busy.job;
    if (const std::string why = error(job.config); !why.empty()) {
      events.failed(job.trial, why);
      return false;
    }
    if (job.pause_after == busy.epoch) {
      events.paused(job.trial);
      return false;
    }
    const std::int64_t epoch = ++busy.epoch;
    ++trained[job.trial];
    const std::optional<double> value = accuracy(job.config, epoch);
    TrainingResult result{.outcome = value ? Outcome::completed : Outcome::diverged, .reason = "", .epochs = epoch};
    if (!value) {
      events.finished(job.trial, result);
      return false;
    }
    events.epoch(
        job.trial,
        {.epoch = epoch, .step = 10 * epoch, .validation = MetricValues{{"loss", 1 - *value}, {"accuracy", *value}}});
    events.before_checkpoint(job.trial);
    checkpoints_[job.checkpoint] = epoch;
    if (job.pause_after == epoch) {
      events.paused(job.trial);
      return false;
    }
    if (epoch < job.config.stop.epochs) return true;
    events.finished(job.trial, result);
    return false;
  }

  std::map<std::filesystem::path, std::int64_t> checkpoints_;
};

class SearchTest : public testing::Test {
 protected:
  /// As `thalweg tune` with this configuration in the same folder.
  StudyEnd run(const TuneConfig& config, FakeWorkers& workers, const TuneLimits& limits = {}) {
    TuneFolder folder = open_tune_folder(path(), config, "classification", "thalweg tune …", false);
    for (const std::string& note : folder.notes) messages_ += note + '\n';
    const StudyHooks hooks{.on_progress = [this](const StudyProgress& progress) { progress_.push_back(progress); },
                           .on_message = [this](const std::string& text) { messages_ += text + '\n'; },
                           .stop_requested = &workers.stopped};
    return run_tune(folder.config, folder.store, path(), workers.runner(), hooks, limits);
  }
  std::filesystem::path path() const { return folder_.path() / "study"; }
  StudyData load() const { return Store::open_for_reading(path() / kStudyFile).load(); }
  /// All that a search finds out, as text: trials, values, states.
  std::string found() const { return tune_json(load()).dump(1); }

  TemporaryFolder folder_;
  std::string messages_;
  std::vector<StudyProgress> progress_;
};

/// A search of its own, in a folder of its own: what it finds.
inline std::string found_by(const TuneConfig& config, FakeWorkers& workers) {
  const TemporaryFolder folder;
  TuneFolder study = open_tune_folder(folder.path(), config, "classification", "thalweg tune …", false);
  run_tune(study.config, study.store, folder.path(), workers.runner(), {});
  return tune_json(study.store.load()).dump(1);
}

}  // namespace thalweg::lab::test
