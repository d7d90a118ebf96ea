// The flags that say how to train, the same for every command that trains.
#pragma once

#include "training/config.h"

#include <CLI/App.hpp>

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace thalweg::lab {

/// Adds a flag for each setting but these. Defaults are the values that `config` has, which must live until the flags
/// have been read.
void add_training_flags(CLI::App& command, TrainingConfig& config, const std::set<std::string_view>& without = {});

/// Adds the flags that say how data are read: those of DataOptions.
void add_data_flags(CLI::App& command, TrainingConfig& config);

/// Flags for parts of the optimizer's text: `--lr 1e-3` and the like.
struct OptimizerShortcuts {
  std::optional<double> lr, momentum, weight_decay;
};

void add_optimizer_shortcuts(CLI::App& command, OptimizerShortcuts& shortcuts);

/// Puts what was given into the optimizer's text. `is_new`: where nothing is said of an optimizer, its rate is the
/// model's. Throws thalweg::Error for an option that the rule has not.
void apply_shortcuts(const CLI::App& command, const OptimizerShortcuts& shortcuts, bool is_new, TrainingConfig& config);

/// Throws UsageError for a flag of these that was given, with another value than the usual one: a command of one's own
/// runs in place of a training.
void refuse_training_flags(const CLI::App& command, const TrainingConfig& config);

/// Throws UsageError for a flag of these that was given and does nothing with the model or stop condition that `config`
/// has, or with these optimizers: what somebody asked for is not what would run.
void check_training_flags(const CLI::App& command, const TrainingConfig& config,
                          std::span<const std::string> optimizers);

}  // namespace thalweg::lab
