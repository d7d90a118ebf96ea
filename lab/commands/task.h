// Checks what a training is to be about, before anything is written, and opens its data.
#pragma once

#include "data/dataset.h"
#include "training/config.h"

namespace thalweg::lab {

/// The data set of this training. Throws UsageError for what the command line has wrong (values, unknown data set or
/// model), thalweg::Error for missing and damaged data.
Dataset open_task(const TrainingConfig& config);

}  // namespace thalweg::lab
