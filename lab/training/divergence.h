// LossWatch: tells a training that has diverged by its losses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace thalweg::lab {

/// A run has diverged if a step's loss is not finite, or above 10 times the mean of the run's first 20 for 20 steps in
/// a row. Its members are part of a checkpoint, so that a run which is resumed decides as one that is not.
struct LossWatch {
  double first_losses = 0;       ///< sum over the run's first steps, at most 20
  std::int64_t first_steps = 0;  ///< their number
  std::int64_t high_steps = 0;   ///< steps in a row, up to the last, whose loss was that high

  /// Takes the mean loss of the next step, number `step` from 1. Returns why the run has diverged, if it has.
  std::optional<std::string> add(std::int64_t step, double loss);
};

}  // namespace thalweg::lab
