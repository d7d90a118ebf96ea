// What surrounds every rule alike in a step: scaling and clipping, ascent, weight decay, averaging.
#pragma once

#include <thalweg/options.h>

#include <limits>

namespace thalweg::inline v0_1 {

/// Coefficients of what is done in front of the rule and behind it. The order is PyTorch's, where clipping comes before
/// the optimizer: g ← s g, g clipped to ±limit, g ← −g, then g ← g + λθ or θ ← (1 − ηλ) θ; the rule;
/// a ← (1 − w) a + w θ; θ ← a.
struct Around {
  double scale = 1;  // s: of the loss scale and of clipping by a norm
  double limit = std::numeric_limits<double>::infinity();
  bool maximize = false;
  double coupled_decay = 0;     // λ, or 0
  double decoupled_shrink = 1;  // 1 − ηλ, or 1
  double average_share = 0;     // w
  bool overwrite = false;       // is θ ← a done?

  /// Is there anything to do in front of the rule?
  bool prepares() const {
    return scale != 1 || limit < std::numeric_limits<double>::infinity() || maximize || coupled_decay != 0 ||
           decoupled_shrink != 1;
  }
};

/// Decay and ascent. Options are found by their roles' names; a rule that has no such option is left as it is.
inline Around around(const Options& options) {
  const auto value = [&](std::string_view name) { return options.has(name) ? options.get(name) : 0.0; };
  const double decay = value("weight_decay");
  Around result{.maximize = value("maximize") != 0};
  if (options.rule().decays_itself) return result;
  if (value("decoupled_weight_decay") != 0) {
    result.decoupled_shrink = 1 - options.get("lr") * decay;
  } else {
    result.coupled_decay = decay;
  }
  return result;
}

}  // namespace thalweg::inline v0_1
