// The epoch whose weights a run ends with, and its value on the validation part, by which runs are chosen.
#include "training/kept_epoch.h"

#include <cmath>
#include <limits>

namespace thalweg::lab {

const EpochRecord* kept_epoch(std::span<const EpochRecord> epochs, const TrainingConfig& config) {
  const EpochRecord* kept = epochs.empty() ? nullptr : &epochs.back();
  if (!config.restore_best) return kept;
  double best = std::numeric_limits<double>::infinity();
  for (const EpochRecord& epoch : epochs) {
    const std::optional<double> loss = value_of(epoch.validation, "loss");
    if (!loss || !(*loss < best - config.stop.tolerance)) continue;
    best = *loss;
    kept = &epoch;
  }
  return kept;
}

std::optional<double> value_of_run(std::span<const EpochRecord> epochs, const TrainingConfig& config,
                                   const Metric& metric) {
  const EpochRecord* kept = kept_epoch(epochs, config);
  const std::optional<double> value = kept == nullptr ? std::nullopt : value_of(kept->validation, metric.name);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace thalweg::lab
