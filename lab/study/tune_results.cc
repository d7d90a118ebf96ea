// What the trials of a search gave.
#include "study/tune_results.h"

#include "study/search_state.h"
#include "study/statistics.h"
#include "tasks/task.h"
#include "training/kept_epoch.h"

#include <thalweg/error.h>

#include <fmt/core.h>

#include <iterator>
#include <map>
#include <utility>

namespace thalweg::lab {
namespace {

void add(TuneTrial& trial, const TrialData& run) {
  trial.runs.push_back(&run);
  if (!run.epochs.empty()) {
    trial.epochs += std::ssize(run.epochs);
    trial.seconds += run.epochs.back().seconds;
  }
  // The worst of what happened to its runs; a pruned one may follow one that diverged.
  const auto worst = [&](TrialState state, const std::string& error) {
    const auto rank = [](TrialState each) {
      switch (each) {
        case TrialState::complete:
          return 0;
        case TrialState::pruned:
          return 1;
        case TrialState::unfinished:
          return 2;
        case TrialState::diverged:
          return 3;
        case TrialState::failed:
          return 4;
      }
      return 5;
    };
    if (trial.runs.size() > 1 && rank(state) <= rank(trial.state)) return;
    trial.state = state;
    trial.error = error;
  };
  if (run.status == TrialStatus::failed) return worst(TrialState::failed, run.error);
  if (run.status != TrialStatus::finished || !run.result) return worst(TrialState::unfinished, "");
  switch (run.result->outcome) {
    case Outcome::completed:
    case Outcome::stopped:
      return worst(TrialState::complete, "");
    case Outcome::pruned:
      return worst(TrialState::pruned, run.result->reason);
    case Outcome::diverged:
      return worst(TrialState::diverged, run.result->reason);
    case Outcome::interrupted:
      return worst(TrialState::unfinished, "");
  }
}

void set_value(TuneTrial& trial, const Metric& metric) {
  if (trial.state == TrialState::failed || trial.state == TrialState::diverged) return;
  std::vector<double> values;
  for (const TrialData* run : trial.runs) {
    if (const std::optional<double> value = value_of_run(run->epochs, run->config, metric)) values.push_back(*value);
  }
  if (trial.state == TrialState::complete && values.size() < trial.runs.size()) {
    trial.state = TrialState::diverged;
    trial.error = fmt::format("its {} is not finite", metric.title);
    return;
  }
  if (!values.empty()) trial.value = mean(values);
}

}  // namespace

std::string to_string(TrialState state) {
  switch (state) {
    case TrialState::complete:
      return "complete";
    case TrialState::pruned:
      return "pruned";
    case TrialState::diverged:
      return "diverged";
    case TrialState::failed:
      return "failed";
    case TrialState::unfinished:
      return "unfinished";
  }
  return "unknown";
}

const Metric& metric_of(const StudyData& study) { return find_task(study.task).primary(); }

std::string metric_title(const StudyData& study) {
  const nlohmann::json& config = study.config;
  if (config.is_object() && config.contains("program"))
    return config["program"].value("metric", metric_of(study).title);
  return metric_of(study).title;
}

std::vector<TuneTrial> tune_trials(const StudyData& study) {
  const Metric& metric = metric_of(study);
  std::map<std::int64_t, TuneTrial> by_number;
  for (const TrialData& run : study.trials) {
    if (!run.number) throw Error(fmt::format("{}: trial {} has no number: the study is no search", study.name, run.id));
    TuneTrial& trial = by_number[*run.number];
    trial.number = *run.number;
    trial.parameters = run.parameters;
    add(trial, run);
  }
  std::vector<TuneTrial> trials;
  for (auto& [number, trial] : by_number) {
    set_value(trial, metric);
    trials.push_back(std::move(trial));
  }
  return trials;
}

std::optional<std::size_t> best_trial(const std::vector<TuneTrial>& trials, const Metric& metric) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].state != TrialState::complete || !trials[i].value) continue;
    if (!best || metric.is_better(*trials[i].value, *trials[*best].value)) best = i;
  }
  return best;
}

std::vector<Seen> seen_of(const std::vector<TuneTrial>& trials, const SearchSpace& space, const Metric& metric) {
  std::vector<Seen> seen;
  for (const TuneTrial& trial : trials) {
    if (trial.state == TrialState::unfinished || trial.state == TrialState::pruned) continue;
    seen.push_back(
        {.number = trial.number, .point = space.point(trial.parameters), .value = loss_of(trial.value, metric)});
  }
  return seen;
}

nlohmann::json tune_json(const StudyData& study) {
  const Metric& metric = metric_of(study);
  const std::vector<TuneTrial> trials = tune_trials(study);
  const auto json_of = [](const TuneTrial& trial) {
    nlohmann::json json{{"number", trial.number}, {"parameters", trial.parameters},
                        {"value", nullptr},       {"state", to_string(trial.state)},
                        {"epochs", trial.epochs}, {"seconds", trial.seconds}};
    if (trial.value) json["value"] = *trial.value;
    if (!trial.error.empty()) json["error"] = trial.error;
    return json;
  };
  nlohmann::json json{{"task", study.task},
                      {"metric", metric_title(study)},
                      {"better", metric.better == Better::higher ? "higher" : "lower"},
                      {"trials", nlohmann::json::array()},
                      {"best", nullptr}};
  for (const TuneTrial& trial : trials) json["trials"].push_back(json_of(trial));
  if (const std::optional<std::size_t> best = best_trial(trials, metric)) json["best"] = json_of(trials[*best]);
  return json;
}

}  // namespace thalweg::lab
