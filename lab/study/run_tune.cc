// Runs a search on a store with a runner.
#include "study/run_tune.h"

#include "study/compare_config.h"
#include "study/recorder.h"
#include "study/search_plan.h"
#include "study/search_state.h"
#include "study/trial_folders.h"
#include "study/trial_parameters.h"
#include "tasks/task.h"
#include "training/optimizer.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

class TuneRun : public JobSource, public TrialEvents {
 public:
  TuneRun(const TuneConfig& config, Store& store, const std::filesystem::path& checkpoints, const StudyHooks& hooks,
          const TuneLimits& limits)
      : config_(config),
        space_(parse_space(config.ranges)),
        sampler_(sampler_of(config, space_)),
        total_(trials_in(config, space_)),
        brackets_(brackets_of(config)),
        store_(store),
        hooks_(hooks),
        limits_(limits),
        folders_(checkpoints),
        recorder_(store, folders_, hooks) {
    const StudyData study = store_.load();
    metric_ = &find_task(study.task).primary();
    trials_ = trials_of(study, space_, config_);
    folders_.keep_only_unfinished(study.trials);
    for (SearchTrial& trial : trials_) remember(trial);
  }

  StudyEnd run(const TrialRunner& runner) {
    recorder_.begin("tuning");
    expect();
    runner(*this, *this);
    if (hooks_.stop_requested == nullptr || !*hooks_.stop_requested) return StudyEnd::complete;
    recorder_.release_running();
    return StudyEnd::interrupted;
  }

  std::optional<Job> next() override {
    return limits_.only ? next_of_one() : config_.is_hyperband() ? next_of_brackets() : next_of_all();
  }

  void started(std::int64_t id) override {
    run_of(id).status = TrialStatus::running;
    recorder_.started(id);
  }
  void begins(std::int64_t id, std::int64_t after_step) override {
    run_of(id).rewind(after_step);
    recorder_.begins(id, after_step);
  }
  void progressed(std::int64_t id, const Progress& progress) override { recorder_.progressed(id, progress); }
  void step(std::int64_t id, const StepRecord& record) override { recorder_.step(id, record); }
  void diagnostics(std::int64_t id, const DiagnosticRecord& record) override { recorder_.diagnostics(id, record); }
  void epoch(std::int64_t id, const EpochRecord& record) override {
    recorder_.epoch(id, record);
    run_of(id).epochs.push_back(record);
  }
  void before_checkpoint(std::int64_t id) override { recorder_.before_checkpoint(id); }
  void lost(std::int64_t id, const std::string& how) override { recorder_.lost(id, how); }
  void paused(std::int64_t id) override {
    recorder_.paused(id);
    run_of(id).status = TrialStatus::paused;
  }
  void finished(std::int64_t id, const TrainingResult& result) override {
    recorder_.finished(id, result);
    SearchRun& run = run_of(id);
    run.status = TrialStatus::finished;
    run.outcome = result.outcome;
  }
  void failed(std::int64_t id, const std::string& error) override {
    recorder_.failed(id, error);
    run_of(id).status = TrialStatus::failed;
  }

 private:
  // ---- proposals ----

  /// The runs of a trial with these parameters, in the order of seeds.
  std::vector<TrialData> planned(std::int64_t number, const nlohmann::json& parameters) const {
    std::vector<TrialData> runs;
    TrainingConfig shared = config_.training;
    if (!config_.program) shared = with_parameters(shared, parameters);
    shared.test_at_end = false;  // the test part is for who takes the best
    const Description description = read_optimizer(shared.optimizer);
    for (const std::uint64_t seed : config_.seeds) {
      for (std::int64_t fold = config_.folds > 0 ? 1 : 0; fold <= config_.folds; ++fold) {
        TrialData& run = runs.emplace_back();
        run.number = number;
        run.parameters = parameters;
        run.role = TrialRole::tune;
        run.optimizer = config_.program ? "program" : without_lr(description);
        run.lr = config_.program ? 0 : description.options.get("lr");
        run.config = shared;
        run.config.seed = seed;
        run.config.validation_folds = config_.folds;
        run.config.validation_fold = fold;
      }
    }
    return runs;
  }

  /// Adds the trial to the study.
  void propose(SearchTrial& trial) {
    std::vector<Seen> seen;
    if (sampler_->learns()) seen = seen_by(trial.number, trials_, config_.lag, *metric_);
    trial.point = sampler_->propose(trial.number, seen);
    const std::vector<TrialData> runs = planned(trial.number, space_.parameters(trial.point));
    const std::vector<std::int64_t> ids = store_.add_trials(runs);
    for (std::size_t i = 0; i < runs.size(); ++i) trial.runs.push_back({.id = ids[i], .config = runs[i].config});
    remember(trial);
  }

  void remember(SearchTrial& trial) {
    for (SearchRun& run : trial.runs) runs_[run.id] = &run;
  }

  SearchRun& run_of(std::int64_t id) { return *runs_.at(id); }

  bool time_is_up() const {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun_;
    return limits_.seconds && passed.count() >= *limits_.seconds;
  }

  /// Have all ended whose results the proposal sees, or whose values it may be rejected by?
  bool may_propose(const SearchTrial& trial) {
    while (ended_ < std::ssize(trials_) && trials_[static_cast<std::size_t>(ended_)].ended()) ++ended_;
    return trial.number - config_.lag < ended_;
  }

  // ---- what is trained next ----

  std::optional<Job> next_of_all() {
    for (std::int64_t number = ended_; number < total_; ++number) {
      SearchTrial& trial = trials_[static_cast<std::size_t>(number)];
      if (!trial.is_proposed()) {
        if (time_is_up() || !may_propose(trial)) return std::nullopt;
        propose(trial);
      }
      if (std::optional<Job> job = next_run(trial)) return job;
    }
    return std::nullopt;
  }

  std::optional<Job> next_of_one() {
    SearchTrial& trial = trials_.at(static_cast<std::size_t>(*limits_.only));
    if (!trial.is_proposed()) propose(trial);
    return next_run(trial);
  }

  /// The trial's next run, if it is to have one now: its runs follow one another, since each may be the last.
  std::optional<Job> next_run(SearchTrial& trial) {
    for (SearchRun& run : trial.runs) {
      if (run.status == TrialStatus::running) return std::nullopt;
      if (run.is_complete(*metric_)) continue;
      if (run.ended()) {
        prune_rest(trial, fmt::format("run {} of the trial has no value", run.id));
        return std::nullopt;
      }
      if (config_.rejects) {
        if (const std::string why = rejection(trial, trials_, config_.lag, *metric_); !why.empty()) {
          prune_rest(trial, why);
          return std::nullopt;
        }
      }
      return job_of(trial, run, std::nullopt);
    }
    return std::nullopt;
  }

  void prune_rest(SearchTrial& trial, const std::string& why) {
    for (SearchRun& run : trial.runs) {
      if (!run.ended()) prune(run, why);
    }
  }

  void prune(SearchRun& run, const std::string& why) {
    TrainingResult result;
    result.outcome = Outcome::pruned;
    result.reason = why;
    result.epochs = std::ssize(run.epochs);
    result.steps = run.epochs.empty() ? 0 : run.epochs.back().step;
    recorder_.prune(run.id, result, config_.is_hyperband() ? 0 : run.config.stop.epochs);
    run.status = TrialStatus::finished;
    run.outcome = Outcome::pruned;
  }

  Job job_of(const SearchTrial& trial, SearchRun& run, std::optional<std::int64_t> pause_after) {
    const std::string seed = fmt::format("seed {}", run.config.seed);
    const std::string fold = config_.folds > 0 ? fmt::format(", fold {}", run.config.validation_fold) : "";
    const nlohmann::json parameters = space_.parameters(trial.point);
    run.target = pause_after.value_or(run.config.stop.epochs);
    recorder_.expect_trial(run.id, fmt::format("trial {} ({}, {}{})", trial.number, parameters.dump(), seed, fold),
                           std::max<std::int64_t>(1, run.target - std::ssize(run.epochs)));
    Job job{
        .trial = run.id, .config = run.config, .checkpoint = folders_.checkpoint(run.id), .pause_after = pause_after};
    if (config_.program) {
      std::map<std::string, std::string> words{{Placeholders::kSeed, std::to_string(run.config.seed)}};
      for (const auto& [name, value] : parameters.items()) words[name] = written(value);
      words[Placeholders::kFolder] = job.checkpoint.parent_path().string();
      job.program = call_of(config_.program, words);
    }
    return job;
  }

  // ---- hyperband ----

  /// Brackets go on side by side: a worker that one has nothing for, since its rung has not ended, works for the next.
  std::optional<Job> next_of_brackets() {
    for (const Bracket& bracket : brackets_) {
      if (std::optional<Job> job = next_of(bracket)) return job;
    }
    return std::nullopt;
  }

  std::optional<Job> next_of(const Bracket& bracket) {
    std::vector<std::int64_t> going_on;  // trials of this rung
    for (std::int64_t i = 0; i < bracket.rungs.front().trials; ++i) going_on.push_back(bracket.first + i);
    for (std::size_t r = 0; r < bracket.rungs.size(); ++r) {
      const bool last = r + 1 == bracket.rungs.size();
      const std::int64_t budget = bracket.rungs[r].budget;
      if (std::optional<Job> job = next_at(going_on, last ? std::nullopt : std::optional(budget))) return job;
      if (!all_at(going_on, budget) || last || time_is_up()) return std::nullopt;
      going_on = promote(going_on, bracket.rungs[r], bracket.rungs[r + 1].trials);
    }
    return std::nullopt;
  }

  /// A run of these trials that has not come to the rung's end.
  std::optional<Job> next_at(const std::vector<std::int64_t>& numbers, std::optional<std::int64_t> pause_after) {
    for (const std::int64_t number : numbers) {
      SearchTrial& trial = trials_[static_cast<std::size_t>(number)];
      if (!trial.is_proposed()) {
        if (time_is_up()) return std::nullopt;
        propose(trial);
      }
      for (SearchRun& run : trial.runs) {
        if (run.ended() || run.status == TrialStatus::running || (pause_after && run.is_at(*pause_after))) continue;
        return job_of(trial, run, pause_after);
      }
    }
    return std::nullopt;
  }

  bool all_at(const std::vector<std::int64_t>& numbers, std::int64_t budget) const {
    return std::ranges::all_of(numbers, [&](std::int64_t number) {
      const SearchTrial& trial = trials_[static_cast<std::size_t>(number)];
      return trial.is_proposed() &&
             std::ranges::all_of(trial.runs, [&](const SearchRun& run) { return run.is_at(budget); });
    });
  }

  /// The best of a rung that has ended; the others are trained no further.
  std::vector<std::int64_t> promote(const std::vector<std::int64_t>& numbers, const Rung& rung, std::int64_t count) {
    std::vector<std::optional<double>> values;
    for (const std::int64_t number : numbers) {
      values.push_back(loss_of(trials_[static_cast<std::size_t>(number)].value_at(rung.budget, *metric_), *metric_));
    }
    std::set<std::size_t> best;
    for (const std::size_t i : best_of(values, static_cast<std::size_t>(count))) {
      if (values[i]) best.insert(i);
    }
    std::vector<std::int64_t> promoted;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (best.contains(i)) {
        promoted.push_back(numbers[i]);
      } else {
        prune_rest(trials_[static_cast<std::size_t>(numbers[i])],
                   fmt::format("after {} epochs not among the best {} of {}", rung.budget, count, numbers.size()));
      }
    }
    return promoted;
  }

  // ---- progress ----

  /// Tells the recorder how much there is to do, and what has been done before.
  void expect() {
    const std::int64_t epochs = std::max<std::int64_t>(1, config_.training.stop.epochs);
    const std::int64_t runs = (limits_.only ? 1 : total_) * config_.runs();
    const std::int64_t all = limits_.only ? runs * epochs : epochs_in(config_, space_);
    std::int64_t ended = 0, done = 0;
    for (const SearchTrial& trial : trials_) {
      if (limits_.only && trial.number != *limits_.only) continue;
      for (const SearchRun& run : trial.runs) {
        ended += run.ended() ? 1 : 0;
        done += run.ended() && !config_.is_hyperband() ? epochs : std::ssize(run.epochs);
      }
    }
    recorder_.expect(static_cast<std::size_t>(runs), all, static_cast<std::size_t>(ended), done);
  }

  const TuneConfig& config_;
  const SearchSpace space_;
  const std::unique_ptr<Sampler> sampler_;
  const std::int64_t total_;
  const std::vector<Bracket> brackets_;
  Store& store_;
  const StudyHooks& hooks_;
  const TuneLimits limits_;
  const TrialFolders folders_;
  const Metric* metric_ = nullptr;
  Recorder recorder_;
  std::vector<SearchTrial> trials_;          // all, by number; they and, once there are any, their runs stay in place
  std::map<std::int64_t, SearchRun*> runs_;  // by their ids
  std::int64_t ended_ = 0;                   // trials below this number have ended
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace

StudyEnd run_tune(const TuneConfig& config, Store& store, const std::filesystem::path& checkpoints,
                  const TrialRunner& runner, const StudyHooks& hooks, const TuneLimits& limits) {
  return TuneRun(config, store, checkpoints, hooks, limits).run(runner);
}

}  // namespace thalweg::lab
