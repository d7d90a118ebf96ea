// LossWatch: tells a training that has diverged by its losses.
#include "training/divergence.h"

#include "training/records.h"

#include <fmt/format.h>

#include <cmath>

namespace thalweg::lab {

namespace {

constexpr std::int64_t kFirstSteps = 20, kHighSteps = 20;
constexpr double kHigh = 10;

}  // namespace

std::optional<std::string> LossWatch::add(std::int64_t step, double loss) {
  if (!std::isfinite(loss)) return fmt::format("loss at step {} is {}", step, loss_text(loss));
  if (first_steps < kFirstSteps) {
    first_losses += loss;
    ++first_steps;
    return std::nullopt;
  }
  const double first = first_losses / static_cast<double>(first_steps);
  high_steps = loss > kHigh * first ? high_steps + 1 : 0;
  if (high_steps < kHighSteps) return std::nullopt;
  return fmt::format("loss at step {} is {}, for {} steps above {} times the mean of the first {} ({})", step,
                     loss_text(loss), kHighSteps, kHigh, kFirstSteps, loss_text(first));
}

}  // namespace thalweg::lab
