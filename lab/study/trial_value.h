// The value of a run by which a search compares trials.
#pragma once

#include "tasks/metric.h"
#include "training/config.h"
#include "training/records.h"

#include <optional>
#include <span>

namespace thalweg::lab {

/// The metric on the validation part with the weights that the run ends with: after its last epoch, or, where the best
/// are restored, after the epoch with the smallest validation loss. Nothing if there is none, or it is not finite.
std::optional<double> value_of_run(std::span<const EpochRecord> epochs, const TrainingConfig& config,
                                   const Metric& metric);

}  // namespace thalweg::lab
