// Checks what a training is to be about before anything is written.
#pragma once

#include "training/config.h"

namespace thalweg::lab {

/// Finds wrong values, an unknown data set or model, missing and damaged data. Throws UsageError for what the command
/// line has wrong, thalweg::Error for the data.
void check_task(const TrainingConfig& config);

}  // namespace thalweg::lab
