// The learning-rate schedule that a training's configuration means.
#include "training/schedule.h"

namespace thalweg::lab {

namespace kinds = thalweg::schedule;

thalweg::Schedule engine_schedule(const Schedule& schedule) {
  const thalweg::Schedule::Warmup warmup{static_cast<double>(schedule.warmup_steps), 0, WarmupKind::linear};
  const auto every = static_cast<double>(schedule.every);
  if (schedule.kind == "step") return {kinds::StepDecay{every, schedule.gamma}, warmup, Interval::epoch};
  if (schedule.kind == "exponential") return {kinds::Exponential{schedule.gamma}, warmup, Interval::epoch};
  if (schedule.kind == "cosine") return {kinds::Cosine{.floor = schedule.floor}, warmup};
  return {kinds::Constant{}, warmup};
}

}  // namespace thalweg::lab
