// The trials of a comparison, and the choice of a learning rate.
#include "study/plan.h"

#include "study/environment.h"
#include "study/statistics.h"
#include "training/kept_epoch.h"
#include "training/optimizer.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <map>

namespace thalweg::lab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TrialData trial(const CompareConfig& config, const std::string& optimizer, double lr, TrialRole role,
                std::uint64_t seed) {
  TrialData result;
  result.optimizer = competitor_name(config, optimizer);
  result.lr = lr;
  result.role = role;
  if (config.program) {
    result.config.optimizer = command_text(config.program, optimizer, lr);
    result.config.seed = seed;
    return result;
  }
  result.config = config.training;
  Description description = read_optimizer(optimizer);
  description.options.set("lr", lr);
  result.config.optimizer = description.text();
  result.config.seed = seed;
  result.config.test_at_end = role == TrialRole::final;
  if (role == TrialRole::tune) result.config.stop.epochs = config.tuning.epochs;
  return result;
}

/// How well one learning rate did over the tuning seeds.
struct Score {
  double lr = 0, value = 0, loss = 0;

  bool better_than(const Score& other, const Metric& metric) const {
    return value != other.value ? metric.is_better(value, other.value) : loss < other.loss;
  }
};

/// None if no trial of this rate finished.
std::optional<Score> score(const CompareConfig& config, std::span<const TrialData> trials, const std::string& optimizer,
                           double lr, const Metric& metric) {
  std::vector<double> values, losses;
  for (const TrialData& trial : trials) {
    if (trial.role != TrialRole::tune || trial.optimizer != optimizer || trial.lr != lr) continue;
    if (trial.status != TrialStatus::finished || !trial.result) continue;
    const EpochRecord* epoch = kept_epoch(trial.epochs, trial.config);
    const std::optional<MetricValues> kept = epoch == nullptr ? std::nullopt : epoch->validation;
    const std::optional<double> value = value_of(kept, metric.name),
                                loss = config.program ? std::optional(0.0) : value_of(kept, "loss");
    const bool usable = trial.result->outcome != Outcome::diverged && value && loss;
    values.push_back(usable ? *value : metric.worst());
    losses.push_back(usable ? *loss : kInfinity);
  }
  if (values.empty()) return std::nullopt;
  return Score{.lr = lr, .value = median(values), .loss = mean(losses)};
}

Choice choose(const CompareConfig& config, std::span<const TrialData> trials, const std::string& optimizer,
              const Metric& metric) {
  Choice choice;
  choice.optimizer = competitor_name(config, optimizer);
  std::optional<Score> best;
  const std::vector<double>& grid = config.tuning.grid;
  for (const double lr : grid) {
    const std::optional<Score> candidate = score(config, trials, choice.optimizer, lr, metric);
    if (candidate && candidate->value != metric.worst() && (!best || candidate->better_than(*best, metric))) {
      best = candidate;
    }
  }
  if (!best) return choice;
  choice.lr = best->lr;
  choice.validation = best->value;
  choice.validation_loss = best->loss;
  choice.at_edge = grid.size() > 1 && (best->lr == grid.front() || best->lr == grid.back());
  return choice;
}

}  // namespace

std::string command_text(const Program& program, const std::string& optimizer, double lr) {
  std::map<std::string, std::string> values{{Placeholders::kOptimizer, optimizer},
                                            {Placeholders::kRate, fmt::format("{}", lr)}};
  for (const char* const own : {Placeholders::kSeed, Placeholders::kFolder}) values[own] = fmt::format("{{{}}}", own);
  std::string text;
  for (const std::string& word : filled(program, values)) text += (text.empty() ? "" : " ") + shell_quoted(word);
  return text;
}

ProgramCall call_of(const CompareConfig& config, const TrialData& trial, const std::filesystem::path& folder) {
  ProgramCall call = call_of(config.program, {{Placeholders::kOptimizer, trial.optimizer},
                                              {Placeholders::kRate, fmt::format("{}", trial.lr)},
                                              {Placeholders::kSeed, std::to_string(trial.config.seed)},
                                              {Placeholders::kFolder, folder.string()}});
  if (trial.role == TrialRole::final) call.test = test_key(config.program);
  return call;
}

std::string competitor_name(const CompareConfig& config, const std::string& optimizer) {
  if (config.program) return optimizer;
  const Description description = read_optimizer(optimizer);
  return config.tune ? without_lr(description) : description.text();
}

std::vector<TrialData> tuning_trials(const CompareConfig& config) {
  std::vector<TrialData> trials;
  if (!config.tune) return trials;
  for (const std::string& optimizer : config.optimizers) {
    for (const double lr : config.tuning.grid) {
      for (const std::uint64_t seed : config.tuning.seeds) {
        trials.push_back(trial(config, optimizer, lr, TrialRole::tune, seed));
      }
    }
  }
  return trials;
}

std::vector<Choice> choose_learning_rates(const CompareConfig& config, std::span<const TrialData> trials,
                                          const Metric& metric) {
  std::vector<Choice> choices;
  for (const std::string& optimizer : config.optimizers) {
    if (config.tune) {
      choices.push_back(choose(config, trials, optimizer, metric));
      continue;
    }
    Choice& own = choices.emplace_back();
    own.optimizer = competitor_name(config, optimizer);
    own.lr = config.program ? 0 : read_optimizer(optimizer).options.get("lr");
  }
  return choices;
}

std::vector<TrialData> final_trials(const CompareConfig& config, std::span<const Choice> choices) {
  std::vector<TrialData> trials;
  // Seed by seed, so that an interrupted study has all optimizers equally far.
  for (const std::uint64_t seed : config.seeds) {
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (choices[i].lr) trials.push_back(trial(config, config.optimizers[i], *choices[i].lr, TrialRole::final, seed));
    }
  }
  return trials;
}

}  // namespace thalweg::lab
