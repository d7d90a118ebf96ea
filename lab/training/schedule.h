// Learning-rate schedules: the factor on the optimizer's own learning rate at each step.
#pragma once

#include "training/config.h"

#include <cstdint>

namespace thalweg::lab {

/// The length of a run, by which schedules measure.
struct RunLength {
  std::int64_t steps_per_epoch = 1;
  std::int64_t steps = 1;  ///< of the whole run
};

/// The factor at `step` (from 1), in (0, 1] except that a cosine without a floor ends at 0.
/// - constant: 1
/// - step: gamma^⌊e / every⌋, exponential: gamma^e, with e = ⌊(step − 1) / steps per epoch⌋ epochs done
/// - cosine: floor + (1 − floor)(1 + cos πx) / 2, x from 0 at the first step after the warm-up to 1 behind the last
///   step; Loshchilov and Hutter (2017), arXiv 1608.03983, eq. 5
/// - during warm-up: step / warmup_steps, times the factor of the kind
double factor(const Schedule& schedule, std::int64_t step, const RunLength& length);

}  // namespace thalweg::lab
