// Settings: their ranges and names.
#include <thalweg/error.h>
#include <thalweg/settings.h>

#include "settings_fields.h"

#include <string>

namespace thalweg::inline v0_1 {
namespace {

/// Throws Error if a number is outside its range; `what` begins it.
template <class Part>
void check_fields(const Part& part, const std::string& what) {
  Part copy = part;
  for (const Field& field : fields_of(copy)) check(field, what);
}

}  // namespace

void check(const Clip& clip) { check_fields(clip, "clip: "); }

void check(const Average& average) {
  check_fields(average, "average: ");
  if (average.bias_correction && average.decay == 1) {
    throw Error("average: decay = 1 with bias correction is outside [0, 1)");
  }
}

void check(const Settings& settings) {
  Settings copy = settings;
  check(loss_scale_field(copy), "");
  check_fields(settings.accumulation, "accumulation: ");
  check_fields(settings.dynamic_loss_scale, "dynamic_loss_scale: ");
  check(settings.clip);
  check(settings.average);
  if (settings.dynamic_loss_scale.on && settings.check != Check::guard) {
    throw Error("a dynamic loss scale needs check guard, which refuses the steps that it learns from; check is " +
                std::string(to_string(settings.check)));
  }
}

std::string_view to_string(StepCount step_count) {
  switch (step_count) {
    case StepCount::per_parameter:
      return "per_parameter";
    case StepCount::shared:
      return "shared";
    case StepCount::per_row:
      return "per_row";
  }
  return "unknown";
}

std::string_view to_string(Check check) {
  switch (check) {
    case Check::off:
      return "off";
    case Check::detect:
      return "detect";
    case Check::guard:
      return "guard";
  }
  return "unknown";
}

}  // namespace thalweg::inline v0_1
