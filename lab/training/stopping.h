// When a training ends between two epochs, by what it has reached.
#pragma once

#include "tasks/metric.h"
#include "training/checkpoint.h"
#include "training/config.h"
#include "training/records.h"

#include <optional>
#include <string>

namespace thalweg::lab {

struct Ending {
  Outcome outcome;
  std::string reason;
};

/// Nothing while it is to go on. `primary`: the task's metric, which the goal is of. Depends on the run's state alone,
/// so that a run that was stopped stays stopped when it is resumed.
std::optional<Ending> ending_after_epoch(const StopConditions& stop, const RunState& run, const Metric& primary);

}  // namespace thalweg::lab
