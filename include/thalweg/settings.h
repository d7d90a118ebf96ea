// Settings: what surrounds the rules in every step of an optimizer.
#pragma once

#include <thalweg/api.h>
#include <thalweg/average.h>
#include <thalweg/clip.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace thalweg::inline v0_1 {

/// Whose step number a parameter uses.
enum class StepCount {
  per_parameter,  ///< a parameter without a gradient takes no step and its number stands still (PyTorch)
  shared,         ///< one number for all, advanced by every step (Keras, Optax)
  per_row,        ///< per parameter, and each of its rows (of the first dimension) counts from when it began
};

/// What is done about gradients that hold an infinity or a NaN.
enum class Check {
  off,
  detect,  ///< the step is taken, and its report says how many there were and where
  /// Gradients are read first. A step that holds such a gradient, or one whose square would be infinite in a column of
  /// the rule, changes nothing but the count of refused steps, and its report says so.
  guard,
};

/// Gradients of several calls of `step` that make one step (sums in the parameter's type, in the order of the calls).
struct Accumulation {
  std::int64_t calls = 1;  ///< [1, 2³¹): the step is taken by every call of this number
  bool mean = true;        ///< divide the sum by `calls`; otherwise step with the sum itself

  bool operator==(const Accumulation&) const = default;
};

/// Dynamic loss scaling, as PyTorch's GradScaler does it: a refused step multiplies the loss scale by `backoff`, and
/// `interval` steps in a row without one by `growth`. Needs Check::guard.
struct DynamicLossScale {
  bool on = false;
  double growth = 2;             ///< (1, ∞)
  double backoff = 0.5;          ///< (0, 1)
  std::int64_t interval = 2000;  ///< [1, 2³¹)

  bool operator==(const DynamicLossScale&) const = default;
};

/// What surrounds the rules in every step.
struct Settings {
  StepCount step_count = StepCount::per_parameter;
  /// Gradients are divided by it before anything else is done with them: they are those of the loss times this factor.
  double loss_scale = 1;
  DynamicLossScale dynamic_loss_scale = {};
  Accumulation accumulation = {};
  Clip clip = {};
  Average average = {};
  /// State columns that begin at another value than the rule's (TensorFlow's slots), by name.
  std::map<std::string, double, std::less<>> first_values = {};
  Check check = Check::detect;
};

/// Throws Error if a number of what surrounds the rule is outside its range.
THALWEG_API void check(const Settings& settings);

/// The enumerators' names.
THALWEG_API std::string_view to_string(StepCount step_count);
THALWEG_API std::string_view to_string(Check check);

}  // namespace thalweg::inline v0_1
