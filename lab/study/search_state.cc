// SearchState: reads trials from a study and decides.
#include "study/search_state.h"

#include "study/statistics.h"
#include "training/kept_epoch.h"

#include <thalweg/error.h>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::size_t kRunsBeforeRejection = 3;
constexpr double kRejectionError = 0.05;

SearchRun run_of(const TrialData& data) {
  SearchRun run{.id = data.id, .config = data.config, .status = data.status};
  if (data.status == TrialStatus::running) run.status = TrialStatus::pending;  // its process is gone
  if (data.result) run.outcome = data.result->outcome;
  run.epochs = data.epochs;
  return run;
}

}  // namespace

bool SearchRun::is_complete(const Metric& metric) const {
  return status == TrialStatus::finished && (outcome == Outcome::completed || outcome == Outcome::stopped) &&
         value(metric).has_value();
}

std::optional<double> SearchRun::value(const Metric& metric) const { return value_of_run(epochs, config, metric); }

bool SearchRun::is_at(std::int64_t epoch) const {
  return ended() || (std::ssize(epochs) >= epoch && (status != TrialStatus::running || target > epoch));
}

void SearchRun::rewind(std::int64_t step) {
  while (!epochs.empty() && epochs.back().step > step) epochs.pop_back();
}

bool SearchTrial::ended() const {
  return is_proposed() && std::ranges::all_of(runs, [](const SearchRun& run) { return run.ended(); });
}

std::optional<double> SearchTrial::value(const Metric& metric) const {
  if (!is_proposed()) return std::nullopt;
  std::vector<double> values;
  for (const SearchRun& run : runs) {
    if (!run.is_complete(metric)) return std::nullopt;
    values.push_back(*run.value(metric));
  }
  return mean(values);
}

std::optional<double> SearchTrial::value_at(std::int64_t epoch, const Metric& metric) const {
  std::vector<double> values;
  for (const SearchRun& run : runs) {
    const bool came_to_it = std::ssize(run.epochs) >= epoch;
    if (run.ended() ? !run.is_complete(metric) : !came_to_it) return std::nullopt;
    const std::span all(run.epochs);
    const std::optional<double> value =
        came_to_it ? value_of_run(all.first(static_cast<std::size_t>(epoch)), run.config, metric) : run.value(metric);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return mean(values);
}

std::optional<double> loss_of(const std::optional<double>& value, const Metric& metric) {
  if (!value) return value;
  return metric.better == Better::higher ? -*value : *value;
}

std::vector<SearchTrial> trials_of(const StudyData& study, const SearchSpace& space, const TuneConfig& config) {
  std::vector<SearchTrial> trials(static_cast<std::size_t>(config.trials));
  for (std::int64_t i = 0; i < std::ssize(trials); ++i) trials[static_cast<std::size_t>(i)].number = i;
  for (const TrialData& data : study.trials) {
    if (!data.number || *data.number >= config.trials) {
      throw Error(fmt::format("trial {} is none of the search's {}", data.id, config.trials));
    }
    SearchTrial& trial = trials[static_cast<std::size_t>(*data.number)];
    if (!trial.is_proposed()) trial.point = space.point(data.parameters);
    trial.runs.push_back(run_of(data));
  }
  for (const SearchTrial& trial : trials) {
    if (!trial.is_proposed() || std::ssize(trial.runs) == config.runs()) continue;
    throw Error(
        fmt::format("trial number {} has {} runs, {} were planned", trial.number, trial.runs.size(), config.runs()));
  }
  return trials;
}

std::vector<Seen> seen_by(std::int64_t number, std::span<const SearchTrial> trials, std::int64_t lag,
                          const Metric& metric) {
  std::vector<Seen> seen;
  for (const SearchTrial& trial : trials) {
    if (trial.number > number - lag) break;
    seen.push_back({.number = trial.number, .point = trial.point, .value = loss_of(trial.value(metric), metric)});
  }
  return seen;
}

std::string rejection(const SearchTrial& trial, std::span<const SearchTrial> trials, std::int64_t lag,
                      const Metric& metric) {
  std::size_t done = 0;
  while (done < trial.runs.size() && trial.runs[done].is_complete(metric)) ++done;
  if (done < kRunsBeforeRejection || done == trial.runs.size()) return {};
  const SearchTrial* best = nullptr;
  double best_value = metric.worst();
  for (const SearchTrial& other : trials) {
    if (other.number > trial.number - lag) break;
    const std::optional<double> value = other.value(metric);
    if (!value || !metric.is_better(*value, best_value)) continue;
    best = &other;
    best_value = *value;
  }
  if (best == nullptr) return {};
  std::vector<double> worse_by;
  for (std::size_t i = 0; i < done; ++i) {
    worse_by.push_back(*loss_of(trial.runs[i].value(metric), metric) - *loss_of(best->runs[i].value(metric), metric));
  }
  // Looks after 3, 4, …, all runs but one, which share the error; one side of an interval.
  const auto looks = static_cast<double>(trial.runs.size() - kRunsBeforeRejection);
  if (mean_interval(worse_by, 1 - 2 * kRejectionError / looks).low <= 0) return {};
  return fmt::format("worse than trial {} by a paired test over {} runs", best->number, done);
}

}  // namespace thalweg::lab
