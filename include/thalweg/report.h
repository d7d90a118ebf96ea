// StepReport: what a step did, and why it did not.
#pragma once

#include <thalweg/api.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::inline v0_1 {

/// What became of a step.
enum class Outcome {
  applied,
  accumulated,  ///< the gradients were added to those of the calls before; a later call steps (Accumulation)
  non_finite,   ///< refused by Check::guard: a gradient holds an infinity or a NaN
  overflow,     ///< refused by Check::guard: a gradient's square would be infinite in the parameter's type
  by_rule,      ///< the rule's own sums said that there is no step to take
};

/// The enumerator's name.
THALWEG_API std::string_view to_string(Outcome outcome);

/// A parameter's part of the report.
struct ParameterReport {
  std::string name;
  double gradient_norm = 0;      ///< L2, after the loss scale and before clipping
  double update_norm = 0;        ///< of what the step added to the parameter, decay and all
  double parameter_norm = 0;     ///< after the step
  double clip_factor = 1;        ///< what clipping by a norm multiplied its gradient by
  double zero_share = 0;         ///< of the gradient's elements that are 0, [0, 1]
  std::uint64_t non_finite = 0;  ///< elements of the gradient that are infinite or NaN
};

/// What `Optimizer::step` returns. Norms are there where `Execution::report` asks for them, the gradient's also where
/// clipping by a norm or Check::guard has needed it. They are sums of a fixed shape: the same bits on any number of
/// threads and any instruction set.
struct StepReport {
  Outcome outcome = Outcome::applied;
  /// L2 norm of all gradients of the step together, after the loss scale and before clipping.
  std::optional<double> gradient_norm;
  std::optional<double> update_norm;     ///< of what the step added to the parameters that it stepped
  std::optional<double> parameter_norm;  ///< of the parameters that it stepped, after the step
  /// What clipping by the global norm multiplied the gradients by, or the smallest factor of clipping by norms. 1:
  /// nothing was clipped, or it was not by a norm.
  double clip_factor = 1;
  std::uint64_t non_finite = 0;             ///< elements of gradients that are infinite or NaN; 0 with Check::off
  std::string first_non_finite;             ///< the first parameter that has such elements, in the order of `handles()`
  std::string refused;                      ///< a sentence that says why nothing was applied; empty if it was
  std::vector<ParameterReport> parameters;  ///< with Reporting::parameters, in the order of `handles()`

  bool applied() const { return outcome == Outcome::applied; }
};

}  // namespace thalweg::inline v0_1
