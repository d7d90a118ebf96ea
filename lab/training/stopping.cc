// Goal and patience.
#include "training/stopping.h"

#include <fmt/format.h>

namespace thalweg::lab {

std::optional<Ending> ending_after_epoch(const StopConditions& stop, const RunState& run, const Metric& primary) {
  const std::optional<double> value =
      run.epochs.empty() ? std::nullopt : value_of(run.epochs.back().validation, primary.name);
  if (stop.goal && value && primary.reaches(*value, *stop.goal)) {
    return Ending{Outcome::stopped, fmt::format("validation {} {} reached {}", primary.title,
                                                value_text(primary, *value), value_text(primary, *stop.goal))};
  }
  if (stop.patience && run.epochs_without_improvement >= *stop.patience) {
    return Ending{Outcome::stopped, fmt::format("validation loss has not improved by more than {} for {} epochs",
                                                stop.tolerance, *stop.patience)};
  }
  return std::nullopt;
}

}  // namespace thalweg::lab
