// Experiments: recordings that somebody could make next, and what candidates would do in them.
#pragma once

#include "identify/view.h"
#include "replay/recording.h"

#include <thalweg/optimizer.h>

#include <string_view>
#include <vector>

namespace thalweg::lab::identify {

/// A recording that could be made.
struct Experiment {
  std::string_view what;  ///< in which way it goes beyond the one that there is
  View view;              ///< without recorded changes
};

std::vector<Experiment> experiments(const Recording& recording);

/// The changes under some options in each experiment.
using Outcome = std::vector<std::vector<double>>;

Outcome outcome(const std::vector<Experiment>& experiments, const Options& options, StepCount step_count);

/// Would anybody see the difference between these changes of one experiment?
bool is_clear(const Experiment& experiment, const std::vector<double>& a, const std::vector<double>& b);

/// Is it clear in any experiment?
bool is_clear(const std::vector<Experiment>& experiments, const Outcome& a, const Outcome& b);

}  // namespace thalweg::lab::identify
