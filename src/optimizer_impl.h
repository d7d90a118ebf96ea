// What an Optimizer is made of: settings, execution, groups, parameters, what it counts, and the step in progress.
#pragma once

#include <thalweg/optimizer.h>

#include "groups.h"
#include "parameters.h"
#include "step/step.h"

#include <string_view>

namespace thalweg::inline v0_1 {

struct Optimizer::Impl {
  Impl(const Description& description, Execution how);

  Handle add(std::string_view name, void* data, std::size_t size, Precision precision, const Shape& shape,
             std::optional<Group> group);
  Description description() const;
  /// Shows the rates of the next step, unless the schedule must be told first how long the run is.
  void apply_schedule();
  /// Throws Error, and changes nothing, if a rate would not be allowed.
  void set_schedule(ScheduleState changed);

  /// Throws Error if the averages are swapped, or a step has begun that has not ended.
  void check_at_rest(std::string_view what) const;
  /// Throws Error if a step has begun that has not ended.
  void check_between_steps(std::string_view what) const;
  /// The parameter's step number, or that of all.
  std::int64_t step_number(const Parameter& parameter) const {
    return settings.step_count == StepCount::shared ? counters.steps : parameter.step;
  }
  void swap_averages();

  // state (checkpoint/state.cc, checkpoint/state_load.cc)
  State state() const;
  LoadReport load(const State& state, const LoadOptions& load_options);

  Settings settings;
  Execution execution;
  Groups groups;
  Parameters parameters;
  Counters counters;
  ScheduleState schedule;
  Step step;
  bool averages_are_swapped = false;
};

}  // namespace thalweg::inline v0_1
