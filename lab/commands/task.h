// Checks what a training is to be about, before anything is written, and opens its data.
#pragma once

#include "data/dataset.h"
#include "training/config.h"

#include <span>
#include <string>

namespace thalweg::lab {

/// The data set of this training. Throws UsageError for what the command line has wrong (values, unknown data set or
/// model, one of the optimizers that does not go with the model or the run's length), thalweg::Error for missing and
/// damaged data.
Dataset open_task(TrainingConfig config, std::span<const std::string> optimizers);

}  // namespace thalweg::lab
