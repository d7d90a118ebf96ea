// What surrounds every rule alike in a step: ascent, coupled and decoupled weight decay.
#pragma once

#include <thalweg/options.h>

namespace thalweg {

/// Coefficients of what is done to θ and g in front of the rule, in PyTorch's order: g ← −g, then g ← g + λθ or
/// θ ← (1 − ηλ) θ.
struct Around {
  bool maximize = false;
  double coupled_decay = 0;     // λ, or 0
  double decoupled_shrink = 1;  // 1 − ηλ, or 1
};

/// Options are found by their roles' names; a rule that has no such option is left as it is.
inline Around around(const Options& options) {
  const auto value = [&](std::string_view name) { return options.has(name) ? options.get(name) : 0.0; };
  const double decay = value("weight_decay");
  Around result{.maximize = value("maximize") != 0};
  if (value("decoupled_weight_decay") != 0) {
    result.decoupled_shrink = 1 - options.get("lr") * decay;
  } else {
    result.coupled_decay = decay;
  }
  return result;
}

}  // namespace thalweg
