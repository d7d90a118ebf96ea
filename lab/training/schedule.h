// The learning-rate schedule that a training's configuration means.
#pragma once

#include "training/config.h"

#include <thalweg/schedule.h>

namespace thalweg::lab {

/// The engine's schedule, whose factors multiply the optimizer's own learning rate. Step and exponential count epochs.
/// A cosine leaves its length to the run: it goes from the first step after the warm-up to behind the last step.
thalweg::Schedule engine_schedule(const Schedule& schedule);

}  // namespace thalweg::lab
