// Commands that do once more what a trial of a search did.
#pragma once

#include "study/tune_config.h"
#include "study/tune_results.h"

#include <string>

namespace thalweg::lab {

/// `thalweg train …` with a flag for each setting that is not its default, and without those that have no flag.
std::string train_command(const TrainingConfig& config);

/// The training of a trial as a person would run it: with the seed 1, its own validation part, and the test part.
TrainingConfig training_of(const TuneConfig& config, const TuneTrial& trial);

/// A command that does what the trial did: of a training `thalweg train`, of a program its own words.
std::string command_of(const TuneConfig& config, const TuneTrial& trial);

}  // namespace thalweg::lab
