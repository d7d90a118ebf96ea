// The trials of a comparison, and the choice of a learning rate.
#include "study/plan.h"

#include "study/statistics.h"
#include "training/optimizer.h"

#include <algorithm>
#include <limits>

namespace thalweg::lab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TrialData trial(const CompareConfig& config, const std::string& optimizer, double lr, TrialRole role,
                std::uint64_t seed) {
  TrialData result;
  result.optimizer = competitor_name(config, optimizer);
  result.lr = lr;
  result.role = role;
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
  double lr = 0, accuracy = 0, loss = 0;

  bool better_than(const Score& other) const {
    return accuracy != other.accuracy ? accuracy > other.accuracy : loss < other.loss;
  }
};

/// None if no trial of this rate finished.
std::optional<Score> score(std::span<const TrialData> trials, const std::string& optimizer, double lr) {
  std::vector<double> accuracies, losses;
  for (const TrialData& trial : trials) {
    if (trial.role != TrialRole::tune || trial.optimizer != optimizer || trial.lr != lr) continue;
    if (trial.status != TrialStatus::finished || !trial.result) continue;
    const bool usable = trial.result->outcome != Outcome::diverged && !trial.epochs.empty() &&
                        trial.epochs.back().validation_accuracy && trial.epochs.back().validation_loss;
    accuracies.push_back(usable ? *trial.epochs.back().validation_accuracy : -kInfinity);
    losses.push_back(usable ? *trial.epochs.back().validation_loss : kInfinity);
  }
  if (accuracies.empty()) return std::nullopt;
  return Score{.lr = lr, .accuracy = median(accuracies), .loss = mean(losses)};
}

Choice choose(const CompareConfig& config, std::span<const TrialData> trials, const std::string& optimizer) {
  Choice choice;
  choice.optimizer = competitor_name(config, optimizer);
  std::optional<Score> best;
  const std::vector<double>& grid = config.tuning.grid;
  for (const double lr : grid) {
    const std::optional<Score> candidate = score(trials, choice.optimizer, lr);
    if (candidate && candidate->accuracy > -kInfinity && (!best || candidate->better_than(*best))) best = candidate;
  }
  if (!best) return choice;
  choice.lr = best->lr;
  choice.validation_accuracy = best->accuracy;
  choice.validation_loss = best->loss;
  choice.at_edge = grid.size() > 1 && (best->lr == grid.front() || best->lr == grid.back());
  return choice;
}

}  // namespace

std::string competitor_name(const CompareConfig& config, const std::string& optimizer) {
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

std::vector<Choice> choose_learning_rates(const CompareConfig& config, std::span<const TrialData> trials) {
  std::vector<Choice> choices;
  for (const std::string& optimizer : config.optimizers) {
    if (config.tune) {
      choices.push_back(choose(config, trials, optimizer));
      continue;
    }
    Choice& own = choices.emplace_back();
    own.optimizer = competitor_name(config, optimizer);
    own.lr = read_optimizer(optimizer).options.get("lr");
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
