// The optimizer of a training, as its configuration describes it.
#include "training/optimizer.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace thalweg::lab {

Description read_optimizer(const std::string& text) {
  Description description = parse_description(text);
  const Settings& settings = description.settings;
  const auto refuse = [&](bool given, const char* what, const char* why) {
    if (given) throw Error(fmt::format("optimizer '{}': {} {}", text, what, why));
  };
  refuse(settings.accumulation.calls > 1, "accumulation",
         "means nothing here; --batch says how many examples a step has");
  refuse(settings.loss_scale != 1 || settings.dynamic_loss_scale.on, "loss_scale",
         "means nothing here: losses are computed in float and need none");
  refuse(settings.check == Check::off, "check=off",
         "means nothing here: a training ends where a gradient is not finite");
  refuse(settings.step_count == StepCount::per_row, "step_count=per_row", "means nothing here: no rows come and go");
  return description;
}

std::string without_lr(Description description) {
  description.options.set("lr", Options(description.options.rule()).get("lr"));
  return description.text();
}

RunLength run_length(const TrainingConfig& config, std::int64_t examples) {
  const std::int64_t batches = (examples - 1) / config.batch + 1;
  std::int64_t all = 0;
  if (__builtin_mul_overflow(config.stop.epochs, batches, &all)) all = std::numeric_limits<std::int64_t>::max();
  return {.steps_per_epoch = batches, .steps = std::min(all, config.stop.steps.value_or(all))};
}

void check_batches(const TrainingConfig& config, std::int64_t examples) {
  if (!config.network.batch_norm || (examples - 1) % config.batch != 0) return;
  throw Error(
      fmt::format("--batch-norm: with --batch {} the last batch of {} training examples is a single one, which has "
                  "no spread to normalise by; choose another --batch",
                  config.batch, examples));
}

Description optimizer_of(const TrainingConfig& config) {
  Description description = read_optimizer(config.optimizer);
  if (!description.schedule) description.schedule = config.schedule;
  description.settings.check = Check::guard;
  return description;
}

}  // namespace thalweg::lab
