// Runs a comparison on a store with a runner.
#include "study/run_compare.h"

#include "study/plan.h"

#include <thalweg/error.h>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

/// Writes what the runner tells into the store and counts the work done.
class Recorder : public TrialEvents {
 public:
  Recorder(Store& store, const StudyHooks& hooks) : store_(store), hooks_(hooks) {}

  /// Expects trials of so many epochs in all, of which some were done in an earlier process.
  void expect(std::size_t trials, std::int64_t epochs, std::size_t trials_done, std::int64_t epochs_done) {
    progress_.total = trials;
    progress_.done = trials_done;
    epochs_ = static_cast<double>(epochs);
    epochs_done_ = static_cast<double>(epochs_done);
  }

  /// Begins a phase with these jobs.
  void begin(const std::string& phase, const std::vector<Job>& jobs, std::map<std::int64_t, std::string> names) {
    progress_.phase = phase;
    names_ = std::move(names);
    for (const Job& job : jobs) active_[job.trial].epochs = static_cast<double>(job.config.stop.epochs);
    if (!started_at_) {
      started_at_ = std::chrono::steady_clock::now();
      epochs_at_start_ = epochs_done_;
    }
  }

  std::size_t failures() const { return failures_; }

  void started(std::int64_t trial) override {
    store_.restart(trial);
    active_.at(trial).running = true;
    ++progress_.running;
    report();
  }

  void progressed(std::int64_t trial, const Progress& progress) override {
    const double batches = static_cast<double>(std::max<std::int64_t>(1, progress.batches));
    active_.at(trial).done = static_cast<double>(progress.epoch - 1) + static_cast<double>(progress.batch) / batches;
    report();
  }

  void step(std::int64_t trial, const StepRecord& record) override { active_.at(trial).steps.push_back(record); }

  void epoch(std::int64_t trial, const EpochRecord& record) override {
    flush_steps(trial);
    store_.add_epoch(trial, record);
    active_.at(trial).done = static_cast<double>(record.epoch);
    report();
  }

  void finished(std::int64_t trial, const TrainingResult& result) override {
    flush_steps(trial);
    store_.finish(trial, result);
    end(trial);
  }

  void failed(std::int64_t trial, const std::string& error) override {
    flush_steps(trial);
    store_.fail(trial, error);
    ++failures_;
    if (hooks_.on_message) hooks_.on_message(fmt::format("trial {} ({}) failed: {}", trial, names_.at(trial), error));
    end(trial);
  }

  /// Trials that were cut off are pending again.
  void release_running() {
    for (const auto& [trial, state] : active_) {
      if (state.running) store_.set_status(trial, TrialStatus::pending);
    }
  }

 private:
  struct Active {
    double epochs = 0, done = 0;
    bool running = false;
    std::vector<StepRecord> steps;  // since the last epoch's end: one transaction an epoch is enough
  };

  void flush_steps(std::int64_t trial) {
    std::vector<StepRecord>& steps = active_.at(trial).steps;
    if (!steps.empty()) store_.add_steps(trial, steps);
    steps.clear();
  }

  void end(std::int64_t trial) {
    epochs_done_ += active_.at(trial).epochs;
    active_.erase(trial);
    --progress_.running;
    ++progress_.done;
    report();
  }

  void report() {
    if (!hooks_.on_progress) return;
    double done = epochs_done_;
    for (const auto& [trial, state] : active_) done += state.done;
    progress_.fraction = std::min(1.0, done / std::max(1.0, epochs_));
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - *started_at_;
    const double here = done - epochs_at_start_;
    progress_.seconds_left = here > 0 ? elapsed.count() * (epochs_ - done) / here : -1;
    hooks_.on_progress(progress_);
  }

  Store& store_;
  const StudyHooks& hooks_;
  StudyProgress progress_;
  std::map<std::int64_t, Active> active_;
  std::map<std::int64_t, std::string> names_;
  double epochs_ = 0, epochs_done_ = 0, epochs_at_start_ = 0;
  std::optional<std::chrono::steady_clock::time_point> started_at_;
  std::size_t failures_ = 0;
};

std::string key_of(const TrialData& trial) {
  return fmt::format("{} {} {}", to_string(trial.role), trial.optimizer, nlohmann::json(trial.config).dump());
}

/// Gives planned trials their ids: those that the store has keep theirs, new ones are added, and those of this role
/// that are planned no longer (another learning rate was chosen since) are dropped.
void enter(Store& store, TrialRole role, std::vector<TrialData>& planned) {
  std::map<std::string, const TrialData*> stored;
  const StudyData study = store.load();
  for (const TrialData& trial : study.trials) {
    if (trial.role == role) stored.emplace(key_of(trial), &trial);
  }
  for (TrialData& trial : planned) {
    const auto found = stored.find(key_of(trial));
    if (found == stored.end()) {
      trial.id = store.add_trial(trial);
    } else {
      trial.id = found->second->id;
      trial.status = found->second->status;
      stored.erase(found);
    }
  }
  for (const auto& [key, trial] : stored) store.remove(trial->id);
}

std::int64_t epochs_of(const std::vector<TrialData>& trials) {
  std::int64_t sum = 0;
  for (const TrialData& trial : trials) sum += trial.config.stop.epochs;
  return sum;
}

class StudyRun {
 public:
  StudyRun(const CompareConfig& config, Store& store, const TrialRunner& runner, const StudyHooks& hooks)
      : config_(config), store_(store), runner_(runner), hooks_(hooks), recorder_(store, hooks) {}

  StudyEnd run() {
    std::vector<TrialData> tuning = tuning_trials(config_);
    enter(store_, TrialRole::tune, tuning);
    const std::size_t finals_to_come = config_.optimizers.size() * config_.seeds.size();
    expect(tuning, finals_to_come, static_cast<std::int64_t>(finals_to_come) * config_.training.stop.epochs);
    if (!run_all("tuning", tuning)) return StudyEnd::interrupted;

    const std::vector<Choice> choices = choose_learning_rates(config_, store_.load().trials);
    record(choices);
    std::vector<TrialData> finals = final_trials(config_, choices);
    if (finals.empty()) throw Error("compare: no optimizer could be trained with any learning rate of the grid");
    enter(store_, TrialRole::final, finals);
    expect(finals, tuning.size(), epochs_of(tuning));
    if (!run_all("final", finals)) return StudyEnd::interrupted;
    return recorder_.failures() > 0 ? StudyEnd::failed_trials : StudyEnd::complete;
  }

 private:
  /// Tells the recorder how much there is to do in the whole study, `planned` and this much more, and what of it an
  /// earlier process or phase has done.
  void expect(const std::vector<TrialData>& planned, std::size_t more_trials, std::int64_t more_epochs) {
    std::vector<TrialData> done;
    for (const TrialData& trial : store_.load().trials) {
      if (trial.status == TrialStatus::finished) done.push_back(trial);
    }
    recorder_.expect(planned.size() + more_trials, epochs_of(planned) + more_epochs, done.size(), epochs_of(done));
  }

  /// False if it was interrupted.
  bool run_all(const std::string& phase, const std::vector<TrialData>& trials) {
    std::vector<Job> jobs;
    std::map<std::int64_t, std::string> names;
    for (const TrialData& trial : trials) {
      if (trial.status == TrialStatus::finished) continue;
      jobs.push_back({trial.id, trial.config});
      names[trial.id] = fmt::format("{}, lr {}, seed {}", trial.optimizer, trial.lr, trial.config.seed);
    }
    if (!jobs.empty()) {
      recorder_.begin(phase, jobs, std::move(names));
      runner_(jobs, recorder_);
    }
    if (hooks_.stop_requested == nullptr || !*hooks_.stop_requested) return true;
    recorder_.release_running();
    return false;
  }

  void record(const std::vector<Choice>& choices) {
    nlohmann::json outcome = {{"chosen", nlohmann::json::object()}, {"warnings", nlohmann::json::array()}};
    const auto warn = [&](const std::string& text) {
      outcome["warnings"].push_back(text);
      say("warning: " + text);
    };
    for (const Choice& choice : choices) {
      if (!choice.lr) {
        warn(fmt::format("{}: no learning rate of the grid could be trained, it is left out", choice.optimizer));
        continue;
      }
      nlohmann::json& chosen = outcome["chosen"][choice.optimizer];
      chosen = {{"lr", *choice.lr}};
      if (!config_.tune) continue;
      chosen["validation_accuracy"] = choice.validation_accuracy;
      chosen["at_edge"] = choice.at_edge;
      say(fmt::format("{}: lr {} chosen, validation accuracy {:.2f} %", choice.optimizer, *choice.lr,
                      100 * choice.validation_accuracy));
      if (choice.at_edge) {
        warn(fmt::format("{}: the chosen lr {} is at the edge of the grid; a better one may lie outside",
                         choice.optimizer, *choice.lr));
      }
    }
    store_.set_outcome(outcome);
  }

  void say(const std::string& text) const {
    if (hooks_.on_message) hooks_.on_message(text);
  }

  const CompareConfig& config_;
  Store& store_;
  const TrialRunner& runner_;
  const StudyHooks& hooks_;
  Recorder recorder_;
};

}  // namespace

StudyEnd run_compare(const CompareConfig& config, Store& store, const TrialRunner& runner, const StudyHooks& hooks) {
  return StudyRun(config, store, runner, hooks).run();
}

}  // namespace thalweg::lab
