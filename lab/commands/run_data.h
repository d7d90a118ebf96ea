// Finds the data of a run, wherever they lie today.
#pragma once

#include "data/dataset.h"
#include "training/checkpoint.h"
#include "training/config.h"

#include <functional>
#include <string>

namespace thalweg::lab {

/// The data that the run of this checkpoint began with, which `open` opens. If they were `given` (--data), those of
/// `config.data`; else what the run's own text names, from the present folder or from the one where the run began,
/// whichever holds the same contents; `config.data` becomes where they were found. `run` is the run's folder, as errors
/// call it. Throws thalweg::Error that says how to go on if the data are gone or others, and what `open` throws.
Dataset open_run_data(TrainingConfig& config, const Checkpoint& checkpoint, const std::string& run, bool given,
                      const std::function<Dataset(TrainingConfig&)>& open);

}  // namespace thalweg::lab
