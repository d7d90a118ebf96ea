// The flags that say how to train, the same for every command that trains.
#pragma once

#include "training/config.h"

#include <CLI/App.hpp>

#include <span>
#include <string>

namespace thalweg::lab {

/// Adds --model, --data, --epochs, --schedule and the like, everything in TrainingConfig but the optimizer, the seed
/// and the threads. Defaults are the values that `config` has. `config` must live until the flags have been read.
void add_training_flags(CLI::App& command, TrainingConfig& config);

/// Throws UsageError for a flag of these that was given and does nothing with the model or stop condition that `config`
/// has, or with these optimizers: what somebody asked for is not what would run.
void check_training_flags(const CLI::App& command, const TrainingConfig& config,
                          std::span<const std::string> optimizers);

}  // namespace thalweg::lab
