// The formulas of the schedules, which stand in thalweg/schedule.h.
#include "schedule/kinds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace thalweg::inline v0_1 {
namespace schedule {
namespace {

/// (1 + cos πx) / 2.
double half_wave(double x) { return (1 + std::cos(std::numbers::pi * x)) / 2; }

double at(const Constant& kind, double k) { return kind.steps == 0 || k < kind.steps ? kind.factor : 1; }

double at(const StepDecay& kind, double k) { return std::pow(kind.gamma, std::floor(k / kind.every)); }

double at(const MultiStep& kind, double k) {
  const auto passed = std::ranges::upper_bound(kind.milestones, k) - kind.milestones.begin();
  return std::pow(kind.gamma, static_cast<double>(passed));
}

double at(const Linear& kind, double k) {
  return std::lerp(kind.start, kind.end, std::min(k, kind.steps) / kind.steps);  // its ends are exact
}

double at(const Exponential& kind, double k) {
  const double exponent = k / kind.every;
  return std::pow(kind.gamma, kind.staircase ? std::floor(exponent) : exponent);
}

double at(const Polynomial& kind, double k) {
  double steps = kind.steps;
  if (kind.cycle) {
    steps *= k == 0 ? 1 : std::ceil(k / kind.steps);
  } else {
    k = std::min(k, steps);
  }
  return (1 - kind.floor) * std::pow(1 - k / steps, kind.power) + kind.floor;
}

double at(const Cosine& kind, double k) {
  const double x = (kind.cycle ? k : std::min(k, kind.steps)) / kind.steps;
  return kind.floor + (1 - kind.floor) * (1 + std::cos(std::numbers::pi * x)) / 2;
}

double at(const CosineRestarts& kind, double k) {
  const double t_mult = kind.t_mult;
  double x = k / kind.period, period = 0;
  if (t_mult == 1) {
    period = std::floor(x);
    x -= period;
  } else {
    const auto begin_of = [&](double number) { return (std::pow(t_mult, number) - 1) / (t_mult - 1); };
    const double product = x * (t_mult - 1);
    // The product may be more than a double holds.
    const double passed = std::isfinite(product) ? std::log1p(product) : std::log(x) + std::log(t_mult - 1);
    period = std::floor(passed / std::log(t_mult));
    // Where a period begins the logarithm may be off by a rounding.
    if (begin_of(period + 1) <= x) {
      ++period;
    } else if (period > 0 && begin_of(period) > x) {
      --period;
    }
    x = (x - begin_of(period)) / std::pow(t_mult, period);
  }
  return kind.floor + (1 - kind.floor) * std::pow(kind.m_mult, period) * half_wave(x);
}

double at(const OneCycle& kind, double k) {
  struct Phase {
    double end, from, to;
  };
  const double first = 1 / kind.div_factor, last = first / kind.final_div_factor;
  const double rise = kind.pct_start * kind.steps - 1, end = kind.steps - 1;
  std::array<Phase, 3> phases{{{rise, first, 1}, {end, 1, last}, {end, last, last}}};
  if (kind.three_phase)
    phases = {{{rise, first, 1}, {2 * kind.pct_start * kind.steps - 2, 1, first}, {end, first, last}}};
  double begin = 0;
  for (const Phase& phase : phases) {
    if (k <= phase.end) {
      const double x = phase.end > begin ? (k - begin) / (phase.end - begin) : 1;
      if (kind.anneal == Anneal::linear) return std::lerp(phase.from, phase.to, x);
      return phase.to + (phase.from - phase.to) * half_wave(x);
    }
    begin = phase.end;
  }
  return last;
}

double at(const Cyclic& kind, double k) {
  const double down = kind.down == 0 ? kind.up : kind.down, whole = kind.up + down;
  const double cycle = std::floor(k / whole), within = k - cycle * whole;
  double height = within <= kind.up ? within / kind.up : (whole - within) / down;
  if (kind.mode == CycleMode::triangular2) height /= std::pow(2, cycle);
  if (kind.mode == CycleMode::exp_range) height *= std::pow(kind.gamma, k);
  return kind.floor + (1 - kind.floor) * height;
}

double at(const PiecewiseConstant& kind, double k) {
  const auto passed = std::ranges::lower_bound(kind.boundaries, k) - kind.boundaries.begin();
  return kind.values[static_cast<std::size_t>(passed)];
}

double at(const InverseTime& kind, double k) {
  const double quotient = k / kind.every;
  return 1 / (1 + kind.rate * (kind.staircase ? std::floor(quotient) : quotient));
}

double at(const Plateau&, double) { return 1; }

}  // namespace
}  // namespace schedule

double factor_at(const Schedule::Kind& kind, double k) {
  return std::visit([&](const auto& its) { return schedule::at(its, k); }, kind);
}

}  // namespace thalweg::inline v0_1
