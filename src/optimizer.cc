// Optimizer: the calls that its users see. Groups are in groups.cc, parameters in parameters.cc, columns.cc and
// rows.cc, the step in step/, the state in checkpoint/state.cc.
#include <thalweg/optimizer.h>

#include "backends/cpu/targets.h"
#include "description/describe_group.h"
#include "optimizer_impl.h"
#include "text.h"
#include "threads/cores.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace thalweg::inline v0_1 {

namespace {

/// Throws Error if a schedule cannot stand there.
void check_position(const SchedulePosition& position) {
  const auto refuse = [](const char* name, const std::string& value, const char* allowed) {
    throw Error("set_schedule: position: " + std::string(name) + " = " + value + " is outside " + allowed);
  };
  if (position.steps < 0 || position.steps > kMostSteps) refuse("steps", std::to_string(position.steps), "[0, 2⁵³]");
  if (!at_least(0).contains(position.reduced)) refuse("reduced", to_text(position.reduced), "[0, ∞)");
  if (position.best && !std::isfinite(*position.best)) refuse("best", to_text(*position.best), "(−∞, ∞)");
  if (position.bad < 0) refuse("bad", std::to_string(position.bad), "[0, ∞)");
  if (position.cooldown < 0) refuse("cooldown", std::to_string(position.cooldown), "[0, ∞)");
}

}  // namespace

std::vector<std::string> cpu_targets() { return cpu::supported_targets(); }

Optimizer::Impl::Impl(const Description& description, Execution how)
    : settings(description.settings),
      execution(std::move(how)),
      groups(description.options, execution.backend),
      parameters(settings, execution, groups),
      schedule{.schedule = description.schedule, .position = {}},
      step(settings, execution, groups, parameters, counters, schedule) {
  check(execution);
  check(description);
  const Rule& rule = *groups.at(0).rule;
  check_rows(settings, rule);
  step.threads = threads_for(execution.threads);
  for (const GroupDescription& group : description.groups) {
    Options its_own = description.options_of(group);
    check_rows(settings, engine_rule(its_own.rule()));
    groups.add_by_pattern(group.pattern, std::move(its_own), group.lr_scale);
  }
  apply_schedule();
}

void Optimizer::Impl::apply_schedule() {
  if (schedule.schedule && schedule.schedule->needs_length()) return;
  groups.set_factor(schedule.factor());
}

void Optimizer::Impl::set_schedule(ScheduleState changed) {
  std::swap(schedule, changed);
  try {
    apply_schedule();
  } catch (...) {
    std::swap(schedule, changed);
    throw;
  }
}

Handle Optimizer::Impl::add(std::string_view name, void* data, std::size_t size, Precision precision,
                            const Shape& shape, std::optional<Group> group) {
  const Group its = group.value_or(groups.fitting(name));
  const Handle handle = parameters.add(name, data, size, precision, shape, its);
  groups.fit(its);
  groups.fit_all(name);
  return handle;
}

Description Optimizer::Impl::description() const {
  const auto at_factor_1 = [](const GroupRecord& group) {
    Options options = group.options;
    options.set("lr", group.lr);
    return options;
  };
  Description result(at_factor_1(groups.at(0)), settings, schedule.schedule);
  const auto add = [&](const std::string& pattern, const GroupRecord& group) {
    result.groups.push_back(describe_group(pattern, at_factor_1(group), group.lr_scale, result.options));
  };
  // Parameters that are elsewhere than their names' patterns put them come first, for the first that fits decides.
  NamePatterns patterns;
  for (const Handle handle : parameters.handles()) {
    patterns.add(parameters.name(handle.index), parameters[handle.index].group);
  }
  std::set<std::string> added;
  std::set<std::uint32_t> taken;  // groups that have parameters by their patterns
  for (const Handle handle : parameters.handles()) {
    const std::string& name = parameters.name(handle.index);
    const std::uint32_t group = parameters[handle.index].group;
    if (groups.fitting(name).index == group) {
      taken.insert(group);
      continue;
    }
    if (const auto [pattern, is_new] = added.insert(patterns.of(name)); is_new) add(*pattern, groups.at(group));
  }
  for (std::uint32_t i = 1; i < groups.size(); ++i) {
    const GroupRecord& group = groups.at(i);
    const bool takes_some = group.waits_for_parameters || taken.contains(i);
    if (group.has_pattern && takes_some && !added.contains(group.name)) add(group.name, group);
  }
  // What is left is the first group's, which has no lr_scale in a description.
  if (groups.at(0).lr_scale != 1 && taken.contains(0)) add("*", groups.at(0));
  return result;
}

void Optimizer::Impl::check_at_rest(std::string_view what) const {
  if (averages_are_swapped) {
    throw Error(std::string(what) + ": the parameters hold their averages; swap_averages() first");
  }
  check_between_steps(what);
}

void Optimizer::Impl::check_between_steps(std::string_view what) const {
  if (step.in_parts()) throw Error(std::string(what) + ": a step has begun and not ended; end_step() first");
}

Optimizer::Optimizer(Options options, Settings settings, Execution execution)
    : Optimizer(Description(std::move(options), std::move(settings)), std::move(execution)) {}
Optimizer::Optimizer(const Description& description, Execution execution)
    : impl_(std::make_unique<Impl>(description, std::move(execution))) {}
Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;

Description Optimizer::description() const { return impl_->description(); }
const RuleInfo& Optimizer::rule() const { return *impl_->groups.at(0).rule; }
const Settings& Optimizer::settings() const { return impl_->settings; }
const Execution& Optimizer::execution() const { return impl_->execution; }
std::string_view Optimizer::target() const { return impl_->groups.at(0).kernels.target; }

// Groups --------------------------------------------------------------------------------------------------------------

Group Optimizer::add_group(std::string_view name, Options options, double lr_scale) {
  check_rows(impl_->settings, engine_rule(options.rule()));
  impl_->check_at_rest("add_group");
  return impl_->groups.add(name, std::move(options), lr_scale);
}

Group Optimizer::group(std::string_view name) const { return impl_->groups.find(name); }
std::size_t Optimizer::group_count() const { return impl_->groups.size(); }
const std::string& Optimizer::group_name(Group group) const { return impl_->groups[group].name; }
const Options& Optimizer::options(Group group) const { return impl_->groups[group].options; }
void Optimizer::set_options(Group group, Options options) {
  impl_->check_between_steps("set_options");
  impl_->groups.set_options(group, std::move(options));
}
void Optimizer::set(std::string_view option, double value) {
  impl_->check_between_steps("set");
  impl_->groups.set(option, value);
}

void Optimizer::set(Group group, std::string_view option, double value) {
  impl_->check_between_steps("set");
  impl_->groups.set(group, option, value);
}

void Optimizer::set_lr_scale(Group group, double scale) { impl_->groups.set_lr_scale(group, scale); }
double Optimizer::lr_scale(Group group) const { return impl_->groups[group].lr_scale; }
void Optimizer::on_options_change(std::function<void()> changed) { impl_->groups.options_changed = std::move(changed); }

// Schedule ------------------------------------------------------------------------------------------------------------

const std::optional<Schedule>& Optimizer::schedule() const { return impl_->schedule.schedule; }
const SchedulePosition& Optimizer::schedule_position() const { return impl_->schedule.position; }

void Optimizer::set_schedule(std::optional<Schedule> schedule, const SchedulePosition& position) {
  impl_->check_between_steps("set_schedule");
  check_position(position);
  impl_->set_schedule(
      {.schedule = std::move(schedule), .position = position, .steps_per_epoch = impl_->schedule.steps_per_epoch});
}

void Optimizer::set_run_length(const RunLength& run) {
  impl_->check_between_steps("set_run_length");
  if (run.steps_per_epoch < 1) {
    throw Error("set_run_length: steps_per_epoch = " + std::to_string(run.steps_per_epoch) + " is outside [1, ∞)");
  }
  ScheduleState changed = impl_->schedule;
  if (changed.schedule) changed.schedule = changed.schedule->within(run);
  changed.steps_per_epoch = run.steps_per_epoch;
  impl_->set_schedule(std::move(changed));
}

void Optimizer::see_metric(double metric) {
  impl_->check_between_steps("see_metric");
  ScheduleState& schedule = impl_->schedule;
  if (!schedule.schedule) throw Error("see_metric: the optimizer has no schedule that follows a metric");
  schedule.schedule->see(metric, schedule.position, schedule.steps_per_epoch);
  impl_->apply_schedule();
}

// Parameters ----------------------------------------------------------------------------------------------------------

Handle Optimizer::add(std::string_view name, std::span<float> parameter, std::optional<Group> group) {
  return add(name, parameter, Shape{static_cast<std::int64_t>(parameter.size())}, group);
}
Handle Optimizer::add(std::string_view name, std::span<double> parameter, std::optional<Group> group) {
  return add(name, parameter, Shape{static_cast<std::int64_t>(parameter.size())}, group);
}
Handle Optimizer::add(std::string_view name, std::span<float> parameter, const Shape& shape,
                      std::optional<Group> group) {
  return impl_->add(name, parameter.data(), parameter.size(), Precision::f32, shape, group);
}
Handle Optimizer::add(std::string_view name, std::span<double> parameter, const Shape& shape,
                      std::optional<Group> group) {
  return impl_->add(name, parameter.data(), parameter.size(), Precision::f64, shape, group);
}

void Optimizer::rebind(Handle handle, std::span<float> parameter) {
  impl_->parameters.rebind(handle, parameter.data(), parameter.size(), Precision::f32, nullptr);
}
void Optimizer::rebind(Handle handle, std::span<double> parameter) {
  impl_->parameters.rebind(handle, parameter.data(), parameter.size(), Precision::f64, nullptr);
}
void Optimizer::rebind(Handle handle, std::span<float> parameter, const Shape& shape) {
  impl_->check_between_steps("rebind with a shape");
  impl_->parameters.rebind(handle, parameter.data(), parameter.size(), Precision::f32, &shape);
}
void Optimizer::rebind(Handle handle, std::span<double> parameter, const Shape& shape) {
  impl_->check_between_steps("rebind with a shape");
  impl_->parameters.rebind(handle, parameter.data(), parameter.size(), Precision::f64, &shape);
}

void Optimizer::unbind(Handle handle) { impl_->parameters.unbind(handle); }
void Optimizer::remove(Handle handle) {
  impl_->check_between_steps("remove");
  impl_->parameters.remove(handle);
}
void Optimizer::move(Handle handle, Group group) {
  impl_->check_between_steps("move");
  impl_->parameters.move(handle, group);
  impl_->groups.fit(group);
}

std::size_t Optimizer::size() const { return impl_->parameters.alive(); }

std::vector<Handle> Optimizer::handles() const { return impl_->parameters.handles(); }

Handle Optimizer::find(std::string_view name) const { return {impl_->parameters.index_of(name)}; }
bool Optimizer::contains(std::string_view name) const { return impl_->parameters.contains(name); }
const std::string& Optimizer::name(Handle handle) const {
  return impl_->parameters.name(impl_->parameters.index_of(handle));
}
const Shape& Optimizer::shape(Handle handle) const {
  return impl_->parameters.record(impl_->parameters.index_of(handle)).shape;
}
Group Optimizer::group_of(Handle handle) const { return {impl_->parameters[impl_->parameters.index_of(handle)].group}; }
std::int64_t Optimizer::step_number(Handle handle) const {
  return impl_->step_number(impl_->parameters[impl_->parameters.index_of(handle)]);
}

// Rows ----------------------------------------------------------------------------------------------------------------

void Optimizer::keep_rows(Handle handle, std::span<const std::int64_t> rows) {
  impl_->check_at_rest("keep_rows");
  impl_->parameters.keep_rows(handle, rows, nullptr, 0, nullptr);
}
void Optimizer::keep_rows(Handle handle, std::span<const std::int64_t> rows, std::span<float> parameter) {
  impl_->check_at_rest("keep_rows");
  const Precision precision = Precision::f32;
  impl_->parameters.keep_rows(handle, rows, parameter.data(), parameter.size(), &precision);
}
void Optimizer::keep_rows(Handle handle, std::span<const std::int64_t> rows, std::span<double> parameter) {
  impl_->check_at_rest("keep_rows");
  const Precision precision = Precision::f64;
  impl_->parameters.keep_rows(handle, rows, parameter.data(), parameter.size(), &precision);
}
void Optimizer::append_rows(Handle handle, std::span<float> parameter) {
  impl_->check_at_rest("append_rows");
  impl_->parameters.append_rows(handle, parameter.data(), parameter.size(), Precision::f32);
}
void Optimizer::append_rows(Handle handle, std::span<double> parameter) {
  impl_->check_at_rest("append_rows");
  impl_->parameters.append_rows(handle, parameter.data(), parameter.size(), Precision::f64);
}
void Optimizer::reset_rows(Handle handle, std::span<const std::int64_t> rows) {
  impl_->check_at_rest("reset_rows");
  impl_->parameters.reset_rows(handle, rows);
}

std::vector<std::int64_t> Optimizer::row_steps(Handle handle) const {
  const std::uint32_t index = impl_->parameters.index_of(handle);
  if (impl_->settings.step_count != StepCount::per_row) {
    throw Error("row_steps: rows count no steps of their own; Settings::step_count says StepCount::per_row for that");
  }
  return impl_->parameters.record(index).rows.steps;
}

// Steps ---------------------------------------------------------------------------------------------------------------

const StepReport& Optimizer::step(std::span<const Gradient> gradients, std::optional<double> loss) {
  impl_->check_at_rest("step");
  impl_->step.whole(gradients, loss);
  return report();
}

void Optimizer::begin_step(std::optional<double> loss) {
  impl_->check_at_rest("begin_step");
  impl_->step.begin_parts(loss);
}

void Optimizer::update(const Gradient& gradient) {
  if (!impl_->step.in_parts()) throw Error("update: no step has begun; begin_step() first");
  impl_->step.part(gradient);
}

const StepReport& Optimizer::end_step() {
  if (!impl_->step.in_parts()) throw Error("end_step: no step has begun; begin_step() first");
  impl_->step.end_parts();
  return report();
}

bool Optimizer::in_step() const { return impl_->step.in_parts(); }
const StepReport& Optimizer::report() const { return impl_->step.last; }
std::int64_t Optimizer::refused_steps() const { return impl_->counters.refused; }
std::int64_t Optimizer::accumulated_calls() const { return impl_->counters.accumulated; }

void Optimizer::set_clip(const Clip& clip) {
  impl_->check_between_steps("set_clip");
  check(clip);
  impl_->settings.clip = clip;
}

void Optimizer::set_check(Check check) {
  impl_->check_between_steps("set_check");
  Settings changed = impl_->settings;
  changed.check = check;
  thalweg::check(changed);
  impl_->settings.check = check;
}

void Optimizer::set_report(Reporting report) {
  impl_->check_between_steps("set_report");
  impl_->execution.report = report;
}

// Averages ------------------------------------------------------------------------------------------------------------

void Optimizer::set_average(const Average& average) {
  impl_->check_between_steps("set_average");
  check(average);
  impl_->settings.average = average;
}

template <Element T>
std::span<T> Optimizer::average(Handle handle) {
  const std::uint32_t index = impl_->parameters.index_of(handle);
  impl_->parameters.check_type<T>(index, "average");
  const Parameter& parameter = impl_->parameters[index];
  return {static_cast<T*>(parameter.columns[kAverageSlot]), parameter.averaged == 0 ? 0 : parameter.size};
}

template std::span<float> Optimizer::average<float>(Handle);
template std::span<double> Optimizer::average<double>(Handle);

void Optimizer::Impl::swap_averages() {
  check_between_steps("swap_averages");
  const auto has_average = [&](std::size_t i) {
    return parameters[i].alive && parameters[i].size > 0 && parameters[i].averaged > 0;
  };
  bool any = false;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    any = any || has_average(i);
    if (parameters[i].alive && parameters[i].size > 0 && parameters[i].data == nullptr) {
      throw Error("swap_averages: " + in_quotes(parameters.name(i)) + " is unbound; rebind it first");
    }
  }
  if (settings.average.kind == AverageKind::none && !any) {
    throw Error("swap_averages: the optimizer keeps no averages; Settings::average says which to keep");
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    if (!has_average(i)) continue;
    auto* theta = static_cast<std::byte*>(parameter.data);
    auto* average = static_cast<std::byte*>(parameter.columns[kAverageSlot]);
    std::swap_ranges(theta, theta + parameter.size * bytes_of(parameter.precision), average);
  }
  averages_are_swapped = !averages_are_swapped;
}

void Optimizer::swap_averages() { impl_->swap_averages(); }

SwappedAverages::~SwappedAverages() {
  try {
    optimizer_.swap_averages();
  } catch (const Error&) {  // a parameter has been unbound meanwhile: then the next step says that they are swapped
  }
}

bool Optimizer::averages_are_swapped() const { return impl_->averages_are_swapped; }

// State ---------------------------------------------------------------------------------------------------------------

template <Element T>
std::span<T> Optimizer::column(Handle handle, std::string_view column) {
  Parameters& parameters = impl_->parameters;
  const std::uint32_t index = parameters.index_of(handle);
  parameters.check_type<T>(index, "column");
  const Rule& rule = parameters.rule(index);
  const std::size_t k = find_column(rule, column);
  parameters.complete_columns(index);
  std::byte* storage = parameters.record(index).storage[k].get();
  return {reinterpret_cast<T*>(storage), storage == nullptr ? 0 : parameters.column_size(index, rule.columns[k].shape)};
}

template std::span<float> Optimizer::column<float>(Handle, std::string_view);
template std::span<double> Optimizer::column<double>(Handle, std::string_view);

std::size_t Optimizer::state_bytes() const { return impl_->parameters.state_bytes(); }

State Optimizer::state() const { return impl_->state(); }
void Optimizer::load(const State& state) { load(state, {}); }
LoadReport Optimizer::load(const State& state, const LoadOptions& options) { return impl_->load(state, options); }
void Optimizer::save(const std::filesystem::path& file) const { safetensors::write(file, state()); }

void Optimizer::load(const std::filesystem::path& file) { load(file, {}); }

LoadReport Optimizer::load(const std::filesystem::path& file, const LoadOptions& options) {
  try {
    return load(safetensors::read(file), options);
  } catch (const Error& error) {
    const std::string message = error.what(), name = shown(file);
    if (message.find(name) != std::string::npos) throw;
    throw Error(name + ": " + message);
  }
}

}  // namespace thalweg::inline v0_1
