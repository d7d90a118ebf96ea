// The epoch whose weights a run ends with, and its value on the validation part, by which runs are chosen.
#pragma once

#include "tasks/metric.h"
#include "training/config.h"
#include "training/records.h"

#include <optional>
#include <span>

namespace thalweg::lab {

/// The last epoch, or, where the best weights are restored, the one that they are of: the last whose validation loss
/// fell by more than the configuration's tolerance below the best before it. Null without epochs.
const EpochRecord* kept_epoch(std::span<const EpochRecord> epochs, const TrainingConfig& config);

/// The metric on the validation part with the weights that the run ends with. Nothing if there is none, or it is not
/// finite.
std::optional<double> value_of_run(std::span<const EpochRecord> epochs, const TrainingConfig& config,
                                   const Metric& metric);

}  // namespace thalweg::lab
