// Schedule: kinds one after another, the warm-up in front of them, and how a plateau follows its metric.
#include "schedule/kinds.h"

#include "text.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace thalweg::inline v0_1 {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string prefix(const Schedule::Kind& kind) { return "schedule " + std::string(name_of(kind)) + ": "; }

/// Is its length left to the run?
bool is_open(const Schedule::Kind& kind) {
  if (std::holds_alternative<schedule::Constant>(kind)) return false;  // without `steps` it is one for ever
  const double* const steps = steps_of(kind);
  return steps != nullptr && *steps == 0;
}

[[noreturn]] void fail_open(const Schedule::Kind& kind) {
  throw Error(prefix(kind) + "steps is missing, and it is not known how long the run is");
}

bool is_plateau(const Schedule::Part& part) { return std::holds_alternative<schedule::Plateau>(part.kind); }

double tick_of(Interval interval, std::int64_t steps, std::int64_t steps_per_epoch) {
  if (steps < 0) throw Error("schedule: steps = " + std::to_string(steps) + " is outside [0, ∞)");
  if (steps_per_epoch < 1) {
    throw Error("schedule: steps_per_epoch = " + std::to_string(steps_per_epoch) + " is outside [1, ∞)");
  }
  return static_cast<double>(interval == Interval::step ? steps : steps / steps_per_epoch);
}

/// The part that a tick is in, and how many ticks that has had before.
struct Place {
  const Schedule::Part& part;
  double k;
};

Place place_of(const std::vector<Schedule::Part>& parts, double tick) {
  auto part = parts.begin();
  for (; &*part != &parts.back() && tick >= part->length; ++part) tick -= part->length;
  return {*part, tick};
}

/// As PyTorch, which begins with an infinite best: a share of 1 of it is NaN, and no metric is ever better.
bool is_better(const schedule::Plateau& plateau, double metric, std::optional<double> best) {
  if (!std::isfinite(metric)) return false;
  const bool smaller = plateau.mode == schedule::Better::min;
  const double last = best.value_or(smaller ? kInfinity : -kInfinity);
  if (plateau.threshold_mode == schedule::ThresholdMode::abs) {
    return smaller ? metric < last - plateau.threshold : metric > last + plateau.threshold;
  }
  return smaller ? metric < last * (1 - plateau.threshold) : metric > last * (1 + plateau.threshold);
}

/// Values that a plateau does not count: whole ones, and as many as PyTorch takes until a fraction is used up.
std::int64_t values_of(double cooldown) {
  constexpr double kMost = 1e18;
  return static_cast<std::int64_t>(std::min(std::ceil(cooldown), kMost));
}

}  // namespace

Schedule::Schedule(std::vector<Part> parts, Warmup warmup, Interval interval)
    : parts_(std::move(parts)), warmup_(warmup), interval_(interval) {
  if (parts_.empty()) throw Error("schedule: there is no part");
  check_number_of_parts(parts_.size(), "schedule: ");
  parts_.back().length = 0;
  for (Part& part : parts_) {
    double* const steps = steps_of(part.kind);
    if (steps == nullptr || &part == &parts_.back()) continue;
    if (part.length == 0) part.length = *steps;
    if (is_open(part.kind)) *steps = part.length;
  }
  check();
}

void Schedule::check() const {
  int plateaus = 0;
  for (const Part& part : parts_) {
    Kind kind = part.kind;
    for (const Field& field : fields_of(kind)) thalweg::check(field, prefix(kind));
    check_together(kind, prefix(kind));
    if (&part != &parts_.back() && !(part.length > 0 && part.length < kInfinity)) {
      throw Error(prefix(kind) + (part.length == 0 ? "it needs a length, as another follows it"
                                                   : "length = " + to_text(part.length) + " is outside (0, ∞)"));
    }
    if (is_plateau(part) && ++plateaus > 1) throw Error("schedule: there are two plateaus, which would share a metric");
  }
  const auto outside = [](const char* name, double value, const char* allowed) {
    throw Error(std::string("schedule: ") + name + " = " + to_text(value) + " is outside " + allowed);
  };
  if (!(warmup_.steps >= 0 && warmup_.steps < kInfinity)) outside("warmup", warmup_.steps, "[0, ∞)");
  if (!(warmup_.from >= 0 && warmup_.from <= 1)) outside("warmup_from", warmup_.from, "[0, 1]");
  if (warmup_.kind == WarmupKind::exponential && warmup_.from == 0) {
    throw Error("schedule: an exponential warm-up cannot rise from 0; warmup_from says from where, as 0.01");
  }
  const Part& first = parts_.front();
  const Kind& kind = first.kind;
  const double* const steps = steps_of(kind);
  for (const double end : {first.length, steps != nullptr ? *steps : 0}) {
    if (interval_ == Interval::epoch || end == 0 || !begins_behind_warmup(kind) || warmup_.steps < end) continue;
    throw Error(prefix(kind) + "warmup = " + to_text(warmup_.steps) + " leaves nothing of its " + to_text(end) +
                " steps");
  }
}

bool Schedule::needs_length() const { return is_open(parts_.back().kind); }
bool Schedule::needs_metric() const { return std::ranges::any_of(parts_, is_plateau); }

Schedule Schedule::within(const RunLength& run) const {
  if (!needs_length()) return *this;
  const std::string what = prefix(parts_.back().kind);
  if (run.steps <= 0 || run.steps_per_epoch <= 0) fail_open(parts_.back().kind);
  double ticks = static_cast<double>(run.steps);
  if (interval_ == Interval::epoch) ticks /= static_cast<double>(run.steps_per_epoch);
  double before = 0;
  for (const Part& part : parts_) before += part.length;
  if (before >= ticks) {
    throw Error(what + "the parts before take " + to_text(before) + " of the " + to_text(ticks) + " " +
                (interval_ == Interval::step ? "steps" : "epochs") + " of the run, which leaves nothing");
  }
  Schedule result = *this;
  *steps_of(result.parts_.back().kind) = ticks - before;
  result.check();
  return result;
}

double Schedule::factor(const SchedulePosition& position, std::int64_t steps_per_epoch) const {
  const auto [part, k] = place_of(parts_, tick_of(interval_, position.steps, steps_per_epoch));
  if (is_open(part.kind)) fail_open(part.kind);
  double result = 1;
  if (is_plateau(part)) {
    result = position.reduced;
  } else if (warmup_.steps > 0 && interval_ == Interval::step && &part == &parts_.front() &&
             begins_behind_warmup(part.kind)) {
    Kind shortened = part.kind;
    if (double* const steps = steps_of(shortened)) *steps -= warmup_.steps;
    result = factor_at(shortened, std::max(0.0, k - warmup_.steps));
  } else {
    result = factor_at(part.kind, k);
  }
  const auto step = static_cast<double>(position.steps) + 1;
  if (step >= warmup_.steps) return result;
  if (warmup_.kind == WarmupKind::exponential) return result * std::pow(warmup_.from, 1 - step / warmup_.steps);
  // In this order, as from 0 it is result · step / warmup, to the bit.
  return result * (warmup_.from * (warmup_.steps - step) + step) / warmup_.steps;
}

double Schedule::factor(std::int64_t step, std::int64_t steps_per_epoch) const {
  if (step < 1) throw Error("schedule: step = " + std::to_string(step) + " is outside [1, ∞): the first is 1");
  return factor(SchedulePosition{.steps = step - 1}, steps_per_epoch);
}

void Schedule::see(double metric, SchedulePosition& position, std::int64_t steps_per_epoch) const {
  if (!needs_metric()) throw Error("schedule: it follows no metric; a plateau does");
  const Part& part = place_of(parts_, tick_of(interval_, position.steps, steps_per_epoch)).part;
  const auto* const plateau = std::get_if<schedule::Plateau>(&part.kind);
  if (plateau == nullptr) return;  // its turn has not come, or is over
  if (is_better(*plateau, metric, position.best)) {
    position.best = metric;
    position.bad = 0;
  } else {
    ++position.bad;
  }
  if (position.cooldown > 0) {
    --position.cooldown;
    position.bad = 0;
  }
  if (static_cast<double>(position.bad) <= plateau->patience) return;
  position.bad = 0;
  position.cooldown = values_of(plateau->cooldown);
  const double reduced = std::max(position.reduced * plateau->factor, plateau->floor);
  if (position.reduced - reduced > plateau->eps) position.reduced = reduced;
}

}  // namespace thalweg::inline v0_1
