// Standing: how a study's rates were chosen and how often its verdict was looked at, which decides what may be said of
// it.
#pragma once

#include "store/study_data.h"

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// What a study's configuration and outcome say about the trust that its verdict deserves. Kept as JSON:
///
/// - configuration: `"looks": K` (absent: 1), `"tuning": {"grid": […], "given": true|false, …}` or null;
/// - outcome: `"grid": […]` (the grid after it grew), `"looks_taken": n`, `"enlarged": true`.
///
/// Studies written before these were kept read as one planned look, taken if final trials have finished.
struct Standing {
  bool tuned = false;        ///< more than one rate of each competitor was tried
  bool grid_given = false;   ///< the rates are --tune-lr's, so that none was added at an edge
  std::vector<double> grid;  ///< every rate that each competitor was tuned with, ascending; empty: not tuned
  int looks_planned = 1;     ///< verdicts planned before the first trial (--looks); each is at the level 0.05 / K
  int looks_taken = 0;       ///< verdicts seen so far
  bool enlarged = false;     ///< seeds or optimizers were added after a verdict that was not planned

  /// May a winner be announced, as far as planning goes?
  bool as_planned() const { return !enlarged && looks_taken <= looks_planned; }
  /// Of all pairs together, in one look.
  double level() const { return 0.05 / looks_planned; }
};

/// Values of another type than expected count as absent.
Standing standing_of(const StudyData& study);

}  // namespace thalweg::lab
