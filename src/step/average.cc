// Averages of the parameters: when they are taken and with which share, and the exchange with the parameters.
#include "step/step.h"
#include "text.h"

#include <thalweg/error.h>
#include <thalweg/power.h>

#include <algorithm>
#include <string>

namespace thalweg::inline v0_1 {
namespace {

/// w in a ← (1 − w) a + w θ of a parameter's `number`-th average, counted from 1.
double share_of(const Average& average, std::int64_t number) {
  if (average.kind == AverageKind::mean) return 1 / static_cast<double>(number);
  if (number == 1) return 1;
  return average.bias_correction ? (1 - average.decay) / (1 - power(average.decay, number)) : 1 - average.decay;
}

}  // namespace

std::string_view to_string(AverageKind kind) {
  switch (kind) {
    case AverageKind::none:
      return "none";
    case AverageKind::ema:
      return "ema";
    case AverageKind::mean:
      return "mean";
  }
  return "unknown";
}

bool Step::averages_now() const {
  const Average& average = settings_.average;
  const std::int64_t since = counters_.steps + 1 - average.start;
  return average.kind != AverageKind::none && since >= 0 && since % average.every == 0;
}

/// Throws Error if a parameter that the step averages has been averaged too often.
void Step::check_averages() const {
  for (std::uint32_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].alive || parameters_[i].averaged < kMostSteps) continue;
    throw Error("step: " + in_quotes(parameters_.name(i)) + " has been averaged " +
                std::to_string(parameters_[i].averaged) + " times, the most");
  }
}

/// Adds the parameters without a gradient to the tasks, and gives all their shares.
void Step::plan_averages() {
  for (std::uint32_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    if (!parameter.alive || parameter.last_step == serial_ || parameter.data == nullptr) continue;
    tasks_.push_back({.parameter = i});
    sizes_.push_back(parameter.size);
  }
  for (Task& task : tasks_) {
    if (!task.averages) share_average(task);
  }
}

void Step::share_average(Task& task) {
  const Parameter& parameter = parameters_[task.parameter];
  parameters_.make_column(task.parameter, kAverageSlot);
  if (parameter.averaged + 1 != average_number_) {  // most parameters have been averaged equally often
    average_number_ = parameter.averaged + 1;
    average_share_ = share_of(settings_.average, average_number_);
  }
  task.averages = true;
  task.average_share = average_share_;
}

}  // namespace thalweg::inline v0_1
