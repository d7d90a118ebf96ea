// Learning-rate schedules: the factor on the optimizer's own learning rate at each step.
#include "training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace thalweg::lab {

namespace {

double factor_after_warmup(const Schedule& schedule, std::int64_t step, const RunLength& length) {
  const std::int64_t epochs = (step - 1) / length.steps_per_epoch;
  if (schedule.kind == "step") {
    const std::int64_t drops = epochs / schedule.every;
    return std::pow(schedule.gamma, static_cast<double>(drops));
  }
  if (schedule.kind == "exponential") return std::pow(schedule.gamma, static_cast<double>(epochs));
  if (schedule.kind == "cosine") {
    const std::int64_t whole = std::max<std::int64_t>(1, length.steps - schedule.warmup_steps);
    const std::int64_t done = std::clamp<std::int64_t>(step - 1 - schedule.warmup_steps, 0, whole);
    const double x = static_cast<double>(done) / static_cast<double>(whole);
    return schedule.floor + (1 - schedule.floor) * (1 + std::cos(std::numbers::pi * x)) / 2;
  }
  return 1;
}

}  // namespace

double factor(const Schedule& schedule, std::int64_t step, const RunLength& length) {
  const double own = factor_after_warmup(schedule, step, length);
  if (step >= schedule.warmup_steps) return own;
  return own * static_cast<double>(step) / static_cast<double>(schedule.warmup_steps);
}

}  // namespace thalweg::lab
