// Runs a comparison on a store with a runner.
#include "study/run_compare.h"

#include "study/enlarging.h"
#include "study/grid.h"
#include "study/plan.h"
#include "study/recorder.h"
#include "tasks/task.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

/// What makes a trial the same one. Not the data's path: the data may have moved. Of a program's only its command and
/// its seed are known.
std::string key_of(const CompareConfig& study, const TrialData& trial) {
  if (study.program) {
    return fmt::format("{} {} {} {}", to_string(trial.role), trial.config.seed, trial.optimizer,
                       trial.config.optimizer);
  }
  nlohmann::json config = trial.config;
  config.erase("data");
  return fmt::format("{} {} {}", to_string(trial.role), trial.optimizer, config.dump());
}

/// Gives planned trials their ids: those that the store has keep theirs, new ones are added, and those of this role
/// that are planned no longer (another learning rate was chosen since) are dropped.
void enter(const CompareConfig& config, Store& store, const TrialFolders& folders, TrialRole role,
           std::vector<TrialData>& planned) {
  std::map<std::string, const TrialData*> stored;
  const StudyData study = store.load();
  for (const TrialData& trial : study.trials) {
    if (trial.role == role) stored.emplace(key_of(config, trial), &trial);
  }
  for (TrialData& trial : planned) {
    const auto found = stored.find(key_of(config, trial));
    if (found == stored.end()) {
      trial.id = store.add_trial(trial);
    } else {
      trial.id = found->second->id;
      trial.status = found->second->status;
      stored.erase(found);
    }
  }
  for (const auto& [key, trial] : stored) {
    store.remove(trial->id);
    folders.remove(trial->id);  // its number may be given again
  }
}

/// How much of the study's progress the trial is. How many epochs a program has is not known: each run counts alike.
std::int64_t epochs_of(const TrainingConfig& config) { return std::max<std::int64_t>(1, config.stop.epochs); }

std::int64_t epochs_of(const std::vector<TrialData>& trials) {
  std::int64_t sum = 0;
  for (const TrialData& trial : trials) sum += epochs_of(trial.config);
  return sum;
}

/// `adam, lr 0.01`.
std::string who(const std::string& optimizer, double lr) {
  return printable(optimizer) + (lr > 0 ? fmt::format(", lr {}", lr) : std::string());
}

/// How many finished final trials of the choice's optimizer have another rate.
std::size_t outdated(const std::vector<TrialData>& trials, const Choice& choice) {
  return static_cast<std::size_t>(std::ranges::count_if(trials, [&](const TrialData& trial) {
    return trial.role == TrialRole::final && trial.status == TrialStatus::finished &&
           trial.optimizer == choice.optimizer && trial.lr != choice.lr;
  }));
}

class StudyRun {
 public:
  StudyRun(const CompareConfig& config, Store& store, const TrialRunner& runner, const StudyHooks& hooks)
      : config_(config),
        grid_(config.tuning.grid, !config.tuning.given),
        store_(store),
        metric_(find_task(store.load().task).primary()),
        runner_(runner),
        hooks_(hooks),
        folders_(store.file().parent_path()),
        recorder_(store, folders_, hooks) {}

  StudyEnd run() {
    begin_outcome();
    folders_.keep_only_unfinished(store_.load().trials);
    if (config_.tune && !tune()) return StudyEnd::interrupted;
    const StudyData study = store_.load();
    const std::vector<Choice> choices = choose_learning_rates(config_, study.trials, metric_);
    record(choices, study.trials);
    std::vector<TrialData> finals = final_trials(config_, choices);
    if (finals.empty()) {
      throw Error(fmt::format("compare: no optimizer could be {} with any learning rate of the grid",
                              config_.program ? "run" : "trained"));
    }
    enter(config_, store_, folders_, TrialRole::final, finals);
    const std::vector<TrialData> tuning = tuning_trials(config_);
    expect(finals, tuning.size(), epochs_of(tuning));
    if (!run_all("final", finals)) return StudyEnd::interrupted;
    take_look();
    return recorder_.failures() > 0 ? StudyEnd::failed_trials : StudyEnd::complete;
  }

 private:
  /// What is known from the start, so that a study that is cut off anywhere can be told from a finished one.
  void begin_outcome() {
    outcome_ = counted_outcome(store_.load());
    grid_.resume(outcome_);
    keep_grid();
  }

  /// Before any trial of a new rate: a study that is cut off in between takes the same course.
  void keep_grid() {
    config_.tuning.grid = grid_.rates();
    if (config_.tune) outcome_["grid"] = grid_.rates();
    store_.set_outcome(outcome_);
  }

  /// Runs the tuning trials, and those of the rates that the grid grows by. False if it was interrupted.
  bool tune() {
    while (true) {
      std::vector<TrialData> tuning = tuning_trials(config_);
      enter(config_, store_, folders_, TrialRole::tune, tuning);
      const std::size_t finals_to_come = config_.optimizers.size() * config_.seeds.size();
      expect(tuning, finals_to_come, static_cast<std::int64_t>(finals_to_come) * epochs_of(config_.training));
      if (!run_all("tuning", tuning)) return false;
      const std::vector<Choice> choices = choose_learning_rates(config_, store_.load().trials, metric_);
      const std::vector<double> added = grid_.grow(choices);
      if (added.empty()) return true;
      std::vector<std::string> at_edge;
      for (const Choice& choice : choices) {
        if (choice.at_edge) at_edge.push_back(fmt::format("{} with lr {}", printable(choice.optimizer), *choice.lr));
      }
      say(fmt::format("best at the edge of the grid: {}; it grows for all optimizers by lr {}",
                      fmt::join(at_edge, ", "), fmt::join(added, ", ")));
      keep_grid();
    }
  }

  /// Tells the recorder how much there is to do in the whole study, `planned` and this much more, and what of it an
  /// earlier process or phase has done.
  void expect(const std::vector<TrialData>& planned, std::size_t more_trials, std::int64_t more_epochs) {
    std::vector<TrialData> done;
    for (const TrialData& trial : store_.load().trials) {
      if (trial.status == TrialStatus::finished || recorder_.ended().contains(trial.id)) done.push_back(trial);
    }
    recorder_.expect(planned.size() + more_trials, epochs_of(planned) + more_epochs, done.size(), epochs_of(done));
  }

  /// False if it was interrupted.
  bool run_all(const std::string& phase, const std::vector<TrialData>& trials) {
    std::vector<Job> jobs;
    recorder_.begin(phase);
    for (const TrialData& trial : trials) {
      // One that failed is retried by the next run, not by this one's next round.
      if (trial.status == TrialStatus::finished || recorder_.ended().contains(trial.id)) continue;
      Job& job = jobs.emplace_back();
      job = {.trial = trial.id, .config = trial.config, .checkpoint = folders_.checkpoint(trial.id)};
      if (config_.program) job.program = call_of(config_, trial, job.checkpoint.parent_path());
      recorder_.expect_trial(
          trial.id, fmt::format("trial {} ({}, seed {})", trial.id, who(trial.optimizer, trial.lr), trial.config.seed),
          epochs_of(trial.config));
    }
    if (!jobs.empty()) {
      ListSource source(std::move(jobs));
      runner_(source, recorder_);
    }
    if (hooks_.stop_requested == nullptr || !*hooks_.stop_requested) return true;
    recorder_.release_running();
    return false;
  }

  void record(const std::vector<Choice>& choices, const std::vector<TrialData>& trials) {
    outcome_["chosen"] = nlohmann::json::object();
    outcome_["warnings"] = nlohmann::json::array();
    const auto warn = [&](const std::string& text) {
      outcome_["warnings"].push_back(text);
      say("warning: " + text);
    };
    for (const Choice& choice : choices) {
      if (!choice.lr) {
        warn(fmt::format("{}: no learning rate of the grid could be {}, it is left out", printable(choice.optimizer),
                         config_.program ? "used" : "trained"));
        continue;
      }
      nlohmann::json& chosen = outcome_["chosen"][choice.optimizer];
      chosen = nlohmann::json::object();
      if (*choice.lr > 0 || !config_.program) chosen["lr"] = *choice.lr;
      if (config_.tune) {
        chosen["validation"] = choice.validation;
        chosen["at_edge"] = choice.at_edge;
        tell(choice);
        if (choice.at_edge) warn(edge_warning(choice));
      }
      if (const std::size_t trials_again = outdated(trials, choice); trials_again > 0) {
        say(fmt::format("{}: another lr is chosen than before, so that its {} final trials are run again",
                        printable(choice.optimizer), trials_again));
      }
    }
    store_.set_outcome(outcome_);
  }

  void tell(const Choice& choice) const {
    const bool tuned = config_.tuning.grid.size() > 1;
    const std::string measured = config_.program ? printable(config_.program.metric) : "validation " + metric_.title;
    say(fmt::format("{}: lr {} {}, {} {}", printable(choice.optimizer), *choice.lr,
                    tuned ? "chosen" : "is the only one given (not tuned)", measured,
                    value_text(metric_, choice.validation)));
  }

  std::string edge_warning(const Choice& choice) const {
    const char* const why = grid_.grown() ? ", which grows no further" : "";
    return fmt::format("{}: the chosen lr {} is at the edge of the grid{}; a better one may lie outside",
                       printable(choice.optimizer), *choice.lr, why);
  }

  /// Counts the verdict that is there now, once for each extent of the study.
  void take_look() {
    if (!outcome_.at("look_pending").get<bool>() || !has_verdict(store_.load())) return;
    const int taken = outcome_.at("looks_taken").get<int>() + 1;
    outcome_["looks_taken"] = taken;
    outcome_["look_pending"] = false;
    store_.set_outcome(outcome_);
    if (config_.looks > 1) say(fmt::format("this is verdict {} of {} planned", taken, config_.looks));
  }

  void say(const std::string& text) const {
    if (hooks_.on_message) hooks_.on_message(text);
  }

  CompareConfig config_;  // its grid is what grid_ has grown to
  Grid grid_;
  nlohmann::json outcome_;  // as the store has it
  Store& store_;
  const Metric& metric_;
  const TrialRunner& runner_;
  const StudyHooks& hooks_;
  TrialFolders folders_;
  Recorder recorder_;
};

}  // namespace

StudyEnd run_compare(const CompareConfig& config, Store& store, const TrialRunner& runner, const StudyHooks& hooks) {
  return StudyRun(config, store, runner, hooks).run();
}

}  // namespace thalweg::lab
