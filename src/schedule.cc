// Schedule: a learning rate that follows the step number, as Keras 3's schedule objects compute it.
#include <thalweg/schedule.h>

#include "text.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

namespace thalweg {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void check(const char* name, double value, double above = -kInfinity, const char* allowed = "(−∞, ∞)") {
  if (value > above && value < kInfinity) return;
  throw Error(std::string("schedule: ") + name + " = " + to_text(value) + " is outside " + allowed);
}

void check_positive(const char* name, double value) { check(name, value, 0, "(0, ∞)"); }

void check(const ExponentialDecay& decay) {
  check("initial_learning_rate", decay.initial);
  check_positive("decay_steps", decay.decay_steps);
  check("decay_rate", decay.decay_rate);
}

void check(const PiecewiseConstantDecay& decay) {
  if (decay.boundaries.empty() || decay.values.size() != decay.boundaries.size() + 1) {
    throw Error("schedule: " + std::to_string(decay.values.size()) + " values for " +
                std::to_string(decay.boundaries.size()) + " boundaries; allowed is one more than boundaries");
  }
  for (const double boundary : decay.boundaries) check("boundaries", boundary);
  for (const double value : decay.values) check("values", value);
  if (!std::ranges::is_sorted(decay.boundaries)) throw Error("schedule: the boundaries do not rise");
}

void check(const PolynomialDecay& decay) {
  check("initial_learning_rate", decay.initial);
  check_positive("decay_steps", decay.decay_steps);
  check("end_learning_rate", decay.end);
  check("power", decay.power);
}

void check(const InverseTimeDecay& decay) {
  check("initial_learning_rate", decay.initial);
  check_positive("decay_steps", decay.decay_steps);
  check("decay_rate", decay.decay_rate);
}

void check(const CosineDecay& decay) {
  check("initial_learning_rate", decay.initial);
  check_positive("decay_steps", decay.decay_steps);
  check("alpha", decay.alpha);
  check("warmup_target", decay.warmup_target.value_or(0));
  if (decay.warmup_steps != 0) check_positive("warmup_steps", decay.warmup_steps);
}

void check(const CosineDecayRestarts& decay) {
  check("initial_learning_rate", decay.initial);
  check_positive("first_decay_steps", decay.first_decay_steps);
  check_positive("t_mul", decay.t_mul);
  check("m_mul", decay.m_mul);
  check("alpha", decay.alpha);
}

double cosine(double alpha, double top, double x) {
  return (1 - alpha) * (top * (0.5 * (1 + std::cos(std::numbers::pi * x)))) + alpha;
}

double lr_at(const ExponentialDecay& decay, double k) {
  const double exponent = k / decay.decay_steps;
  return decay.initial * std::pow(decay.decay_rate, decay.staircase ? std::floor(exponent) : exponent);
}

double lr_at(const PiecewiseConstantDecay& decay, double k) {
  const auto passed = std::ranges::lower_bound(decay.boundaries, k) - decay.boundaries.begin();
  return decay.values[static_cast<std::size_t>(passed)];
}

double lr_at(const PolynomialDecay& decay, double k) {
  double steps = decay.decay_steps;
  if (decay.cycle) {
    steps *= k == 0 ? 1 : std::ceil(k / decay.decay_steps);
  } else {
    k = std::min(k, steps);
  }
  return (decay.initial - decay.end) * std::pow(1 - k / steps, decay.power) + decay.end;
}

double lr_at(const InverseTimeDecay& decay, double k) {
  const double quotient = k / decay.decay_steps;
  return decay.initial / (1 + decay.decay_rate * (decay.staircase ? std::floor(quotient) : quotient));
}

double lr_at(const CosineDecay& decay, double k) {
  double top = decay.initial;
  if (decay.warmup_target) {
    if (k < decay.warmup_steps) {
      return (*decay.warmup_target - decay.initial) * (k / decay.warmup_steps) + decay.initial;
    }
    top = *decay.warmup_target;
    k -= decay.warmup_steps;
  }
  return top * cosine(decay.alpha, 1, std::min(k, decay.decay_steps) / decay.decay_steps);
}

double lr_at(const CosineDecayRestarts& decay, double k) {
  const double t_mul = decay.t_mul;
  double x = k / decay.first_decay_steps, period = 0;
  if (t_mul == 1) {
    period = std::floor(x);
    x -= period;
  } else {
    period = std::floor(std::log(1 - x * (1 - t_mul)) / std::log(t_mul));
    const double length = std::pow(t_mul, period);
    x = (x - (1 - length) / (1 - t_mul)) / length;
  }
  return decay.initial * cosine(decay.alpha, std::pow(decay.m_mul, period), x);
}

}  // namespace

Schedule::Schedule(Kind kind) : kind_(std::move(kind)) {
  std::visit([](const auto& decay) { check(decay); }, kind_);
}

double Schedule::lr(std::int64_t step) const {
  return std::visit([&](const auto& decay) { return lr_at(decay, static_cast<double>(step - 1)); }, kind_);
}

}  // namespace thalweg
