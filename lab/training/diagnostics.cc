// Looks into some of a training's steps.
#include "training/diagnostics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace thalweg::lab {
namespace {

/// The greatest of 10, 20, 50, 100, … that is at most a twentieth of the step; at least 10.
std::int64_t spacing(std::int64_t step) {
  std::int64_t power = 10;
  while (power <= step / 200) power *= 10;
  for (const std::int64_t times : {5, 2}) {
    if (times * power <= step / 20) return times * power;
  }
  return power;
}

}  // namespace

bool is_looked_into(std::int64_t step) { return step == 1 || step == 2 || step == 5 || step % spacing(step) == 0; }

Diagnostics::Diagnostics(const Model& model, libtorch::Optimizer& optimizer) : optimizer_(optimizer) {
  for (const auto& parameter : model.named_parameters()) elements_[parameter.key()] = parameter.value().numel();
}

void Diagnostics::before_step(std::int64_t step) {
  const bool look = is_looked_into(step);
  if (look == std::exchange(looking_, look)) return;
  optimizer_.engine().set_report(look ? Reporting::parameters : Reporting::none);
}

std::optional<DiagnosticRecord> Diagnostics::after_step(RunState& run) const {
  const StepReport& report = optimizer_.report();
  const double norm = report.gradient_norm.value_or(0);
  // Where gradients are not finite, or a square is not, their norm says no more than that.
  const double factor = report.applied() ? report.clip_factor : 1;
  const double greatest = report.applied()        ? norm * factor
                          : report.non_finite > 0 ? std::numeric_limits<double>::infinity()
                                                  : norm;
  run.greatest_gradient_norm = std::max(run.greatest_gradient_norm, greatest);
  if (!looking_ && report.applied()) return std::nullopt;
  DiagnosticRecord record{.step = run.step + 1,
                          .gradient_norm = norm,
                          .clipped_norm = norm,
                          .greatest_norm = std::exchange(run.greatest_gradient_norm, 0),
                          .layers = {}};
  double clipped = 0;
  for (const ParameterReport& parameter : report.parameters) {
    record.layers.push_back({.parameter = parameter.name,
                             .elements = elements_.at(parameter.name),
                             .gradient_norm = parameter.gradient_norm,
                             .parameter_norm = parameter.parameter_norm,
                             .update_norm = parameter.update_norm,
                             .zero_share = parameter.zero_share,
                             .non_finite = static_cast<std::int64_t>(parameter.non_finite)});
    clipped += std::pow(parameter.gradient_norm * parameter.clip_factor, 2);
  }
  if (report.clip_factor != 1 && !record.layers.empty()) record.clipped_norm = std::sqrt(clipped);
  return record;
}

std::optional<DiagnosticRecord> Diagnostics::at_end(const RunState& run) {
  if (run.greatest_gradient_norm == 0) return std::nullopt;
  return DiagnosticRecord{.step = run.step,
                          .gradient_norm = run.greatest_gradient_norm,
                          .clipped_norm = run.greatest_gradient_norm,
                          .greatest_norm = run.greatest_gradient_norm,
                          .layers = {}};
}

}  // namespace thalweg::lab
