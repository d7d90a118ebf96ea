// Curve: a schedule's rates, and the steps that show them.
#include "schedule/curve.h"

#include "schedule/marks.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

constexpr std::size_t kDrawn = 600;       // steps that are spread evenly in a drawing
constexpr std::size_t kDrawnParts = 900;  // and over its parts, as many in each
constexpr std::size_t kMostJumps = 200;   // beside them
constexpr double kJump = 0.01;            // of the whole height: less between two drawn steps is none
constexpr double kFewestSteps = 10;

}  // namespace

std::int64_t steps_that_show(const thalweg::Schedule& schedule, const CurveOptions& options) {
  if (schedule.needs_length()) schedule.within({options.steps_per_epoch, 0});  // throws what is missing
  double ticks = 0;
  for (const thalweg::Schedule::Part& part : schedule.parts()) ticks += part.length;
  const Extent extent = extent_of(schedule.parts().back().kind);
  const auto per_epoch = static_cast<double>(options.steps_per_epoch);
  double steps = (ticks + extent.ticks) * (schedule.interval() == thalweg::Interval::epoch ? per_epoch : 1);
  bool has_end = extent.has_end || steps == 0;
  if (schedule.needs_metric()) {
    const double seen = static_cast<double>(options.metrics.size()) * per_epoch;
    if (seen + per_epoch > steps) {
      steps = seen + per_epoch;  // the last value shows in the epoch behind it
      has_end = false;
    }
  }
  if (schedule.warmup().steps >= steps) {
    steps = schedule.warmup().steps;
    has_end = true;
  }
  steps = std::ceil(steps);
  if (has_end) steps += std::max(1.0, std::ceil(steps / 10));
  if (!(steps <= static_cast<double>(kMostSteps))) {
    throw Error(fmt::format("schedule '{}' takes {:g} steps; at most {:g} can be shown", schedule.text(), steps,
                            static_cast<double>(kMostSteps)));
  }
  return static_cast<std::int64_t>(std::max(kFewestSteps, steps));
}

std::vector<std::int64_t> spread(std::int64_t steps, std::size_t count) {
  std::vector<std::int64_t> result;
  const auto most = static_cast<std::int64_t>(count);
  if (steps <= most) {
    for (std::int64_t step = 1; step <= steps; ++step) result.push_back(step);
    return result;
  }
  for (std::int64_t i = 0; i < most; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(most - 1);
    result.push_back(1 + std::llround(share * static_cast<double>(steps - 1)));
  }
  return result;
}

Curve::Curve(const thalweg::Schedule& schedule, const CurveOptions& options)
    : text_(schedule.text()),
      schedule_(schedule.within({options.steps_per_epoch, options.steps})),
      options_(options),
      marks_(marks_of(schedule_, options.steps, options.steps_per_epoch)) {
  if (schedule_.needs_metric()) follow_metrics();
  extremes_ = {.first = rate(1), .highest = rate(1), .last = rate(steps())};
  for (const std::int64_t step : drawn_steps()) {
    if (rate(step) <= extremes_.highest) continue;
    extremes_.highest = rate(step);
    extremes_.highest_at = step;
  }
}

void Curve::follow_metrics() {
  SchedulePosition position;
  positions_.push_back(position);
  std::vector<Mark> reductions;
  for (const double metric : options_.metrics) {
    if (position.steps + options_.steps_per_epoch >= steps()) break;
    position.steps += options_.steps_per_epoch;
    const double before = position.reduced;
    schedule_.see(metric, position, options_.steps_per_epoch);
    positions_.push_back(position);
    if (position.reduced != before) reductions.push_back({position.steps + 1, "reduced"});
  }
  for (const Mark& reduction : reductions) {
    const auto at = std::ranges::lower_bound(marks_, reduction.step, {}, &Mark::step);
    if (at != marks_.end() && at->step == reduction.step) {
      at->what += ", " + reduction.what;
    } else {
      marks_.insert(at, reduction);
    }
  }
}

double Curve::rate(std::int64_t step) const {
  SchedulePosition position;
  if (!positions_.empty()) {
    const auto epoch = static_cast<std::size_t>((step - 1) / options_.steps_per_epoch);
    position = positions_[std::min(epoch, positions_.size() - 1)];
  }
  position.steps = step - 1;
  return options_.lr * schedule_.factor(position, options_.steps_per_epoch);
}

std::vector<std::int64_t> Curve::drawn_steps() const {
  std::vector<std::int64_t> steps = spread(this->steps(), kDrawn);
  std::vector<std::int64_t> ends{1, this->steps()};
  for (const Mark& mark : marks_) {
    if (mark.step > 1) steps.push_back(mark.step - 1);  // it may be a jump
    steps.push_back(mark.step);
    if (mark.is_main) ends.insert(ends.end() - 1, mark.step);
  }
  const std::size_t each = std::max<std::size_t>(2, kDrawnParts / ends.size());
  for (std::size_t i = 1; i < ends.size(); ++i) {  // a part may be short beside the others
    const std::int64_t begin = ends[i - 1];
    for (const std::int64_t step : spread(ends[i] - begin + 1, each)) steps.push_back(begin - 1 + step);
  }
  std::ranges::sort(steps);
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  find_jumps(steps);
  return steps;
}

void Curve::find_jumps(std::vector<std::int64_t>& steps) const {
  double low = rate(1), high = low;
  for (const std::int64_t step : steps) {
    low = std::min(low, rate(step));
    high = std::max(high, rate(step));
  }
  std::vector<std::int64_t> sides;
  for (std::size_t i = 1; i < steps.size() && sides.size() < 2 * kMostJumps; ++i) {
    std::int64_t left = steps[i - 1], right = steps[i];
    if (right - left < 2 || !(std::abs(rate(right) - rate(left)) > kJump * (high - low))) continue;
    while (right - left > 1) {  // on, in the half in which it changes more
      const std::int64_t middle = left + (right - left) / 2;
      const bool is_left = std::abs(rate(middle) - rate(left)) > std::abs(rate(right) - rate(middle));
      (is_left ? right : left) = middle;
    }
    sides.insert(sides.end(), {left, right});
  }
  steps.insert(steps.end(), sides.begin(), sides.end());
  std::ranges::sort(steps);
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
}

}  // namespace thalweg::lab
