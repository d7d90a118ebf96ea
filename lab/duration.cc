// Writes durations.
#include "duration.h"

#include "page/text.h"

#include <fmt/core.h>

#include <cmath>

namespace thalweg::lab {

std::string whole_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 60) return fmt::format("{}\u00A0s", whole);
  if (whole < 3600) return fmt::format("{}\u00A0min {:02}\u00A0s", whole / 60, whole % 60);
  return fmt::format("{}\u00A0h {:02}\u00A0min", whole / 3600, whole % 3600 / 60);
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return number(seconds) + "\u00A0s";
  if (seconds < 9.995) return fmt::format("{:.2f}\u00A0s", seconds);
  if (seconds < 59.95) return fmt::format("{:.1f}\u00A0s", seconds);
  return whole_duration(seconds);
}

}  // namespace thalweg::lab
