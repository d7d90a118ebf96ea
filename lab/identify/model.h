// Model: what a rule under some options does to a recorded run's parameters, and how far that is from the recording.
#pragma once

#include "identify/view.h"

#include <thalweg/optimizer.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace thalweg::lab::identify {

/// The work that a view's budget allowed is done.
struct CutShort {};

/// The change of every element from mark to mark, as the engine computes it in double on plain loops. Each mark begins
/// at the recorded parameters, so that errors do not add up; the optimizer's state runs on. Throws CutShort.
std::vector<double> changes_of(const View& view, const Options& options, StepCount step_count);

/// The largest relative error of a replay in the recording's own type, as `thalweg replay` measures it.
double replay_error(const Recording& recording, const Options& options, StepCount step_count);

/// How far computed changes are from the recorded ones.
struct Misfit {
  double mean_square = 0;  ///< in units of the noise
  double largest = 0;      ///< in units of the noise
  double relative = 0;     ///< root mean square over the elements' typical change
};

Misfit misfit(const View& view, const std::vector<double>& changes);

}  // namespace thalweg::lab::identify
