// Optimizer: the calls that its users see, its groups and options. Parameters are in parameters.cc, the step itself in
// step/step.cc, the state in checkpoint/state.cc.
#include <thalweg/optimizer.h>
#include <thalweg/suggest.h>

#include "backends/cpu/targets.h"
#include "checkpoint/utf8.h"
#include "optimizer_impl.h"
#include "text.h"
#include "threads/cores.h"

#include <algorithm>
#include <cmath>

namespace thalweg {
void check(const Settings& settings) {
  if (settings.threads < 0) {
    throw Error("settings: threads = " + std::to_string(settings.threads) + " is outside [0, ∞)");
  }
  if (!(settings.loss_scale > 0) || std::isinf(settings.loss_scale)) {
    throw Error("settings: loss_scale = " + to_text(settings.loss_scale) + " is outside (0, ∞)");
  }
  check(settings.clip);
  check(settings.average);
}

std::vector<std::string> cpu_targets() { return cpu::supported_targets(); }

Optimizer::Impl::Impl(Options options, Settings wanted)
    : rule(&engine_rule(options.rule())), settings(std::move(wanted)), backend(make_backend(*rule, settings.backend)) {
  check(settings);
  for (const auto& [column, value] : settings.first_values) column_index(column);
  threads = settings.threads == 0 ? available_cores() : settings.threads;
  std::vector<ColumnInfo> columns = rule->columns_under(options);
  groups.push_back({.name = "",
                    .options = std::move(options),
                    .version = ++versions,
                    .columns = std::move(columns),
                    .shared_scalars = first_scalars()});
}

std::array<double, kMaxScalars> Optimizer::Impl::first_scalars() const {
  std::array<double, kMaxScalars> result{};
  for (std::size_t i = 0; i < rule->scalars.size(); ++i) result[i] = rule->scalars[i].first_value;
  return result;
}

GroupRecord& Optimizer::Impl::group_record(Group group) {
  if (group.index < groups.size()) return groups[group.index];
  throw Error("group " + std::to_string(group.index) + " does not exist; there are " + std::to_string(groups.size()));
}

void Optimizer::Impl::change_options(GroupRecord& record, Options options) {
  if (&options.rule() != rule) {
    throw Error("options of " + std::string(options.rule().name) + " given to an optimizer of " +
                std::string(rule->name));
  }
  std::vector<ColumnInfo> columns = rule->columns_under(options);
  record.options = std::move(options);
  // New lengths of momentum or rates change no column; then nothing needs to be looked at again.
  const auto same = [](const ColumnInfo& a, const ColumnInfo& b) { return a.needed == b.needed; };
  if (!std::ranges::equal(columns, record.columns, same)) record.version = ++versions;
  record.columns = std::move(columns);
}

Optimizer::Optimizer(Options options, Settings settings)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(settings))) {}
Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;

const RuleInfo& Optimizer::rule() const { return *impl_->rule; }
const Settings& Optimizer::settings() const { return impl_->settings; }
std::string_view Optimizer::target() const { return impl_->backend.kernels.target; }

Group Optimizer::add_group(std::string_view name, Options options, double lr_scale) {
  for (const GroupRecord& group : impl_->groups) {
    if (group.name == name) throw Error("add_group: the name " + in_quotes(name) + " is taken");
  }
  if (find_invalid_utf8(name) != std::string_view::npos) {
    throw Error("add_group: the name " + in_quotes(name) + " is not UTF-8");
  }
  check_lr_scale(lr_scale, "add_group: " + in_quotes(name));
  GroupRecord record{.name = std::string(name),
                     .options = impl_->groups[0].options,
                     .version = ++impl_->versions,
                     .lr_scale = lr_scale,
                     .columns = {},
                     .shared_scalars = impl_->first_scalars()};
  impl_->change_options(record, std::move(options));
  impl_->groups.push_back(std::move(record));
  return {static_cast<std::uint32_t>(impl_->groups.size() - 1)};
}

Group Optimizer::group(std::string_view name) const {
  std::vector<std::string> known;
  for (std::uint32_t i = 0; i < impl_->groups.size(); ++i) {
    if (impl_->groups[i].name == name) return {i};
    if (!impl_->groups[i].name.empty()) known.push_back(impl_->groups[i].name);
  }
  throw Error("unknown group " + in_quotes(name) +
              (known.empty() ? "; there is none but the first, \"\"" : suggest(name, known)));
}

std::size_t Optimizer::group_count() const { return impl_->groups.size(); }
const std::string& Optimizer::group_name(Group group) const { return impl_->group_record(group).name; }
const Options& Optimizer::options(Group group) const { return impl_->group_record(group).options; }

void Optimizer::set_options(Group group, Options options) {
  impl_->change_options(impl_->group_record(group), std::move(options));
  impl_->options_changed();
}

void Optimizer::set(std::string_view option, double value) {
  std::vector<Options> changed;  // all first, so that an error changes no group
  for (const GroupRecord& group : impl_->groups) {
    changed.push_back(group.options);
    changed.back().set(option, value);
    if (option != "lr" || group.lr_scale == 1) continue;
    try {
      changed.back().set(option, value * group.lr_scale);
    } catch (const Error& error) {
      throw Error("group " + in_quotes(group.name) + ": lr = " + to_text(value) +
                  " times lr_scale = " + to_text(group.lr_scale) + ": " + error.what());
    }
  }
  for (std::uint32_t i = 0; i < changed.size(); ++i) set_options({i}, std::move(changed[i]));
}

void Optimizer::set(Group group, std::string_view option, double value) {
  Options changed = options(group);
  changed.set(option, value);
  set_options(group, std::move(changed));
}

void check_lr_scale(double scale, const std::string& what) {
  if (!(scale >= 0) || std::isinf(scale)) throw Error(what + ": lr_scale = " + to_text(scale) + " is outside [0, ∞)");
}

void Optimizer::set_lr_scale(Group group, double scale) {
  GroupRecord& record = impl_->group_record(group);
  check_lr_scale(scale, "group " + in_quotes(record.name));
  record.lr_scale = scale;
}

double Optimizer::lr_scale(Group group) const { return impl_->group_record(group).lr_scale; }

Handle Optimizer::add(std::string_view name, std::span<float> parameter, Group group) {
  return impl_->add(name, parameter.data(), parameter.size(), Precision::f32, group);
}

Handle Optimizer::add(std::string_view name, std::span<double> parameter, Group group) {
  return impl_->add(name, parameter.data(), parameter.size(), Precision::f64, group);
}

void Optimizer::rebind(Handle handle, std::span<float> parameter) {
  impl_->rebind(handle, parameter.data(), parameter.size(), Precision::f32);
}

void Optimizer::rebind(Handle handle, std::span<double> parameter) {
  impl_->rebind(handle, parameter.data(), parameter.size(), Precision::f64);
}

void Optimizer::unbind(Handle handle) { impl_->displace(impl_->index_of(handle)); }

void Optimizer::remove(Handle handle) {
  const std::uint32_t index = impl_->index_of(handle);
  impl_->displace(index);
  impl_->by_name.erase(impl_->records[index].name);
  impl_->records[index].storage = {};
  impl_->records[index].average = {};
  impl_->parameters[index] = {.alive = false};
  --impl_->alive;
}

void Optimizer::move(Handle handle, Group group) {
  const std::uint32_t index = impl_->index_of(handle);
  impl_->group_record(group);
  impl_->parameters[index].group = group.index;
  impl_->parameters[index].columns_made_for = 0;
}

std::size_t Optimizer::size() const { return impl_->alive; }

std::vector<Handle> Optimizer::handles() const {
  std::vector<Handle> result;
  for (std::uint32_t i = 0; i < impl_->parameters.size(); ++i) {
    if (impl_->parameters[i].alive) result.push_back({i});
  }
  return result;
}

Handle Optimizer::find(std::string_view name) const { return {impl_->index_of(name)}; }
bool Optimizer::contains(std::string_view name) const { return impl_->by_name.contains(name); }
const std::string& Optimizer::name(Handle handle) const { return impl_->records[impl_->index_of(handle)].name; }
Group Optimizer::group_of(Handle handle) const { return {impl_->parameters[impl_->index_of(handle)].group}; }

std::int64_t Optimizer::step_number(Handle handle) const {
  return impl_->step_number(impl_->parameters[impl_->index_of(handle)]);
}

void Optimizer::step(std::span<const Gradient> gradients) { impl_->step(gradients); }

template <Element T>
std::span<T> Optimizer::column(Handle handle, std::string_view column) {
  const std::uint32_t index = impl_->index_of(handle);
  impl_->check_type<T>(index, "column");
  const std::size_t k = impl_->column_index(column);
  impl_->complete_columns(index);
  std::byte* storage = impl_->records[index].storage[k].get();
  return {reinterpret_cast<T*>(storage), storage == nullptr ? 0 : impl_->parameters[index].size};
}

template std::span<float> Optimizer::column<float>(Handle, std::string_view);
template std::span<double> Optimizer::column<double>(Handle, std::string_view);

std::size_t Optimizer::state_bytes() const {
  std::size_t result = 0;
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i) {
    const ParameterRecord& record = impl_->records[i];
    const auto kept = std::ranges::count_if(record.storage, [](const Buffer& storage) { return storage != nullptr; });
    const std::size_t arrays = static_cast<std::size_t>(kept) + (record.average != nullptr ? 1 : 0);
    result += arrays * impl_->parameters[i].size * bytes_of(impl_->parameters[i].precision);
  }
  return result;
}

void Optimizer::on_options_change(std::function<void()> changed) { impl_->options_changed = std::move(changed); }

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

}  // namespace thalweg
