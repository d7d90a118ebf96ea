// What a search found, for people: the best configuration as a command line and a file, the trials as a table.
#pragma once

#include "store/study_data.h"
#include "study/tune_config.h"
#include "study/tune_results.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// `thalweg train …` with a flag for each setting that is not its default, and without those that have no flag.
std::string train_command(const TrainingConfig& config);

/// The training of a trial as a person would run it: with the seed 1, its own validation part, and the test part.
TrainingConfig training_of(const TuneConfig& config, const TuneTrial& trial);

/// A command that does what the trial did: of a training `thalweg train`, of a program its own words.
std::string command_of(const TuneConfig& config, const TuneTrial& trial);

/// The best trials and how the others ended. `width`: of the terminal.
std::string tune_text(const StudyData& study, const std::vector<TuneTrial>& trials, std::size_t width);

}  // namespace thalweg::lab
