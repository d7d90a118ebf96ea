// A training as a configuration file of `thalweg train`.
#pragma once

#include "training/config.h"

#include <string>

namespace thalweg::lab {

/// What `thalweg train --print-config` would print of it: `thalweg train --config FILE` trains it.
std::string train_file(const TrainingConfig& config);

}  // namespace thalweg::lab
