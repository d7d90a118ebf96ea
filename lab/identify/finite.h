// Finite: the part of a recorded run in which every number is finite, which alone can be fitted.
#pragma once

#include "replay/recording.h"

#include <string>

namespace thalweg::lab::identify {

/// Leaves out the elements that are not finite at some time; if none were left, the steps from the first one on in
/// which one is not. Says what was left out; nothing if nothing was. No step may be left: then there is nothing to fit.
std::string keep_finite(Recording& recording);

}  // namespace thalweg::lab::identify
