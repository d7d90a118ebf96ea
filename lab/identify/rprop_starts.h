// Rprop's options read off a recording: its step sizes are the changes themselves.
#pragma once

#include "identify/view.h"

#include <optional>

namespace thalweg::lab::identify {

/// What a run of Rprop shows; nothing of what it does not show.
struct RpropSigns {
  std::optional<double> lr, eta_minus, eta_plus, step_min, step_max;
};

/// Sizes and ratios of successive steps. Needs the parameters after every step; without them it tells nothing.
RpropSigns read_off_rprop(const View& view, bool maximize);

}  // namespace thalweg::lab::identify
