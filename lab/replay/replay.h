// Replay: runs a recorded case on the engine and compares.
#pragma once

#include "replay/replay_case.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace thalweg::lab {

/// How far a replayed run was from the recorded one.
struct ReplayResult {
  std::int64_t steps = 0;
  /// |a − b| / max(|b|, 10⁻³·‖b‖∞), the largest over all steps and numbers; infinite where one of them alone is not
  /// finite. Nothing where nothing is expected.
  std::optional<double> max_relative_error;
  std::int64_t worst_step = 0;
  std::size_t worst_index = 0;
  /// All numbers after each step that the case expects something of; after every step if it expects nothing.
  std::map<std::int64_t, std::vector<double>> theta;
  std::vector<double> average;  ///< all averages after the last step; empty if none are taken
};

/// Runs the case's steps in its own type. Throws thalweg::Error for what the engine refuses.
ReplayResult replay(const ReplayCase& recorded);

}  // namespace thalweg::lab
