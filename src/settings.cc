// Settings: their ranges and names.
#include <thalweg/error.h>
#include <thalweg/settings.h>

#include "text.h"

#include <cmath>
#include <cstdint>
#include <string>

namespace thalweg {
namespace {

void check(const Accumulation& accumulation) {
  if (accumulation.calls >= 1 && accumulation.calls <= INT32_MAX) return;
  throw Error("settings: accumulation over " + std::to_string(accumulation.calls) +
              " calls is outside [1, 2147483647]");
}

void check(const DynamicLossScale& dynamic, Check check) {
  if (!dynamic.on) return;
  const auto fail = [](const char* name, const std::string& value, const char* allowed) {
    throw Error("settings: " + std::string(name) + " of the dynamic loss scale = " + value + " is outside " + allowed);
  };
  if (!(dynamic.growth > 1) || std::isinf(dynamic.growth)) fail("growth", to_text(dynamic.growth), "(1, ∞)");
  if (!(dynamic.backoff > 0 && dynamic.backoff < 1)) fail("backoff", to_text(dynamic.backoff), "(0, 1)");
  if (dynamic.interval < 1 || dynamic.interval > INT32_MAX) {
    fail("interval", std::to_string(dynamic.interval), "[1, 2147483647]");
  }
  if (check != Check::guard) {
    throw Error(
        "settings: a dynamic loss scale needs Check::guard, which refuses the steps that it learns from; check is " +
        std::string(to_string(check)));
  }
}

}  // namespace

void check(const Settings& settings) {
  if (!(settings.loss_scale > 0) || std::isinf(settings.loss_scale)) {
    throw Error("settings: loss_scale = " + to_text(settings.loss_scale) + " is outside (0, ∞)");
  }
  check(settings.accumulation);
  check(settings.dynamic_loss_scale, settings.check);
  check(settings.clip);
  check(settings.average);
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

}  // namespace thalweg
