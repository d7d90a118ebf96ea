// The value of a run by which a search compares trials.
#include "study/trial_value.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg::lab {

std::optional<double> value_of_run(std::span<const EpochRecord> epochs, const TrainingConfig& config,
                                   const Metric& metric) {
  if (epochs.empty()) return std::nullopt;
  auto record = epochs.end() - 1;
  if (config.restore_best) {
    record = std::ranges::min_element(epochs, {}, [](const EpochRecord& each) {
      return value_of(each.validation, "loss").value_or(std::numeric_limits<double>::infinity());
    });
  }
  const std::optional<double> value = value_of(record->validation, metric.name);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace thalweg::lab
