// Trait: how one option of a rule is searched for: on which scale, between which bounds, from where.
#pragma once

#include <thalweg/options.h>

#include <cstddef>
#include <vector>

namespace thalweg::lab::identify {

enum class Scale {
  linear,
  logarithm,  ///< of the value
  from_zero,  ///< ln(1 + v / unit): linear where it is small, so that 0 can be reached
  logit,      ///< of a decay: ln(v / (1 − v))
};

struct Trait {
  Scale scale = Scale::linear;
  double low = 0, high = 0;    ///< bounds of the search
  double unit = 1;             ///< of the scale from_zero
  std::vector<double> starts;  ///< where fits begin
  bool jumps = false;          ///< the numbers jump with it: it is tried at `starts`, not fitted

  /// Is the value inside the bounds? 0 is, where they come near it.
  bool allows(double value) const;
  double to_scale(double value) const;
  double from_scale(double scaled) const;
};

/// Beyond some ε or some decay of the squares every rule is one without a denominator, so they are bounded: by
/// `gradient`, the size of the largest one.
Trait trait_of(const Options& options, std::size_t option, double gradient);

/// An option that is 0 by default, and does nothing then.
bool is_optional(const OptionInfo& option);

/// An option that the shapes of the parameters decide about, or the number of the first step: it is told, or tried at
/// what makes a difference, but never fitted.
bool is_of_shapes(const OptionInfo& option);

}  // namespace thalweg::lab::identify
