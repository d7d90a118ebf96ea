// Optimizer: parameters, groups and options. The step itself is in step/step.cc, the state in checkpoint/state.cc.
#include <thalweg/optimizer.h>
#include <thalweg/suggest.h>

#include "backends/cpu/targets.h"
#include "optimizer_impl.h"
#include "text.h"
#include "threads/pool.h"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

void fill(Precision precision, std::byte* to, std::size_t count, double value) {
  if (precision == Precision::f32) {
    std::fill_n(reinterpret_cast<float*>(to), count, static_cast<float>(value));
  } else {
    std::fill_n(reinterpret_cast<double*>(to), count, value);
  }
}

}  // namespace

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
  groups.push_back({"", std::move(options), ++versions, std::move(columns), first_scalars()});
}

std::size_t Optimizer::Impl::column_index(std::string_view column) const {
  std::vector<std::string> known;
  for (std::size_t k = 0; k < rule->columns.size(); ++k) {
    if (column == rule->columns[k].name) return k;
    known.emplace_back(rule->columns[k].name);
  }
  throw Error(std::string(rule->name) + " has no column " + in_quotes(column) + suggest(column, known));
}

template <class T>
void Optimizer::Impl::check_type(std::uint32_t index, std::string_view what) const {
  if (parameters[index].precision == kPrecisionOf<T>) return;
  throw Error(std::string(what) + ": " + in_quotes(records[index].name) + " is " +
              name_of(parameters[index].precision) + ", not " + name_of(kPrecisionOf<T>));
}

template void Optimizer::Impl::check_type<float>(std::uint32_t, std::string_view) const;
template void Optimizer::Impl::check_type<double>(std::uint32_t, std::string_view) const;

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

Handle Optimizer::Impl::add(std::string_view name, void* data, std::size_t size, Precision precision, Group group) {
  group_record(group);
  if (name.empty()) throw Error("add: a parameter's name must not be empty");
  if (by_name.contains(name)) throw Error("add: the name " + in_quotes(name) + " is taken");
  if (data == nullptr && size > 0) throw Error("add: " + in_quotes(name) + " has no memory");
  if (const std::uint32_t other = find_overlap(data, size * bytes_of(precision), UINT32_MAX); other != UINT32_MAX) {
    throw overlap_error("add: " + in_quotes(name), other);
  }

  const auto index = static_cast<std::uint32_t>(parameters.size());
  records.reserve(records.size() + 1);
  parameters.push_back({.group = group.index, .precision = precision, .scalars = first_scalars()});
  records.push_back({.name = std::string(name), .storage = {}, .average = {}});
  by_name.emplace(name, index);
  place(index, data, size);
  ++alive;
  return {index};
}

void Optimizer::Impl::rebind(Handle handle, void* data, std::size_t size, Precision precision) {
  const std::uint32_t index = index_of(handle);
  Parameter& parameter = parameters[index];
  const std::string what = "rebind: " + in_quotes(records[index].name);
  if (precision != parameter.precision) {
    throw Error(what + " is " + name_of(parameter.precision) + ", the new memory " + name_of(precision));
  }
  if (size != parameter.size) {
    throw Error(what + " has " + std::to_string(parameter.size) + " elements, the new memory " + std::to_string(size));
  }
  if (data == nullptr && size > 0) throw Error(what + " has no memory");
  if (const std::uint32_t other = find_overlap(data, size * bytes_of(precision), index); other != UINT32_MAX) {
    throw overlap_error(what, other);
  }
  displace(index);
  place(index, data, size);
}

std::uint32_t Optimizer::Impl::find_overlap(const void* data, std::size_t bytes, std::uint32_t except) const {
  if (bytes == 0) return UINT32_MAX;
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  // Parameters do not overlap each other, so of those that begin below our end only the last can reach into us, or, if
  // that one is excepted, its neighbour.
  auto it = by_address.lower_bound(begin + bytes);
  while (it != by_address.begin()) {
    --it;
    if (it->second == except) continue;
    const Parameter& other = parameters[it->second];
    return it->first + other.size * bytes_of(other.precision) > begin ? it->second : UINT32_MAX;
  }
  return UINT32_MAX;
}

Error Optimizer::Impl::overlap_error(const std::string& what, std::uint32_t other) const {
  return Error(what + " overlaps parameter " + in_quotes(records[other].name) + " in memory");
}

void Optimizer::Impl::place(std::uint32_t index, void* data, std::size_t size) {
  parameters[index].data = data;
  parameters[index].size = size;
  if (size > 0) by_address.emplace(reinterpret_cast<std::uintptr_t>(data), index);
  ++places;
}

void Optimizer::Impl::displace(std::uint32_t index) {
  Parameter& parameter = parameters[index];
  if (parameter.size > 0 && parameter.data != nullptr) {
    by_address.erase(reinterpret_cast<std::uintptr_t>(parameter.data));
  }
  parameter.data = nullptr;
  ++places;
}

std::uint32_t Optimizer::Impl::index_of(Handle handle) const {
  if (handle.index < parameters.size() && parameters[handle.index].alive) return handle.index;
  throw Error("handle " + std::to_string(handle.index) + " is not a parameter of this optimizer" +
              (handle.index < parameters.size() ? ": " + in_quotes(records[handle.index].name) + " was removed" : ""));
}

std::uint32_t Optimizer::Impl::index_of(std::string_view name) const {
  if (const auto it = by_name.find(name); it != by_name.end()) return it->second;
  std::vector<std::string> known;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].alive) known.push_back(records[i].name);
  }
  throw Error("unknown parameter " + in_quotes(name) + suggest(name, known));
}

void Optimizer::Impl::complete_columns(std::uint32_t index) {
  Parameter& parameter = parameters[index];
  const GroupRecord& group = groups[parameter.group];
  if (parameter.columns_made_for == group.version) return;
  for (std::size_t k = 0; k < group.columns.size(); ++k) {
    const ColumnInfo& column = group.columns[k];
    Buffer& storage = records[index].storage[k];
    if (column.needed && storage == nullptr) {
      Buffer fresh = make_buffer(std::max<std::size_t>(1, parameter.size) * bytes_of(parameter.precision));
      const auto other = settings.first_values.find(column.name);
      fill(parameter.precision, fresh.get(), parameter.size,
           other != settings.first_values.end() ? other->second : column.first_value);
      storage = std::move(fresh);
    }
    parameter.columns[k] = column.needed ? storage.get() : nullptr;
  }
  parameter.columns_made_for = group.version;
}

Optimizer::Optimizer(Options options, Settings settings)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(settings))) {}
Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;

const RuleInfo& Optimizer::rule() const { return *impl_->rule; }
const Settings& Optimizer::settings() const { return impl_->settings; }
std::string_view Optimizer::target() const { return impl_->backend.kernels.target; }

Group Optimizer::add_group(std::string_view name, Options options) {
  for (const GroupRecord& group : impl_->groups) {
    if (group.name == name) throw Error("add_group: the name " + in_quotes(name) + " is taken");
  }
  GroupRecord record{std::string(name), impl_->groups[0].options, ++impl_->versions, {}, impl_->first_scalars()};
  impl_->change_options(record, std::move(options));
  impl_->groups.push_back(std::move(record));
  return {static_cast<std::uint32_t>(impl_->groups.size() - 1)};
}

Group Optimizer::group(std::string_view name) const {
  std::vector<std::string> known;
  for (std::uint32_t i = 0; i < impl_->groups.size(); ++i) {
    if (impl_->groups[i].name == name) return {i};
    known.push_back(impl_->groups[i].name);
  }
  throw Error("unknown group " + in_quotes(name) + suggest(name, known));
}

std::size_t Optimizer::group_count() const { return impl_->groups.size(); }
const std::string& Optimizer::group_name(Group group) const { return impl_->group_record(group).name; }
const Options& Optimizer::options(Group group) const { return impl_->group_record(group).options; }

void Optimizer::set_options(Group group, Options options) {
  impl_->change_options(impl_->group_record(group), std::move(options));
}

void Optimizer::set(std::string_view option, double value) {
  Options(impl_->groups[0].options).set(option, value);  // throws for all groups alike: they share the rule
  for (std::uint32_t i = 0; i < impl_->groups.size(); ++i) set({i}, option, value);
}

void Optimizer::set(Group group, std::string_view option, double value) {
  Options changed = options(group);
  changed.set(option, value);
  set_options(group, std::move(changed));
}

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
  const std::int64_t own = impl_->parameters[impl_->index_of(handle)].step;
  return impl_->shares_steps() ? impl_->steps : own;
}

void Optimizer::step(std::span<const Gradient> gradients) { impl_->step(gradients); }

template <class T>
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

State Optimizer::state() const { return impl_->state(); }
void Optimizer::load(const State& state) { impl_->load(state); }
void Optimizer::save(const std::filesystem::path& file) const { safetensors::write(file, state()); }

void Optimizer::load(const std::filesystem::path& file) {
  try {
    load(safetensors::read(file));
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.find(file.string()) != std::string::npos) throw;
    throw Error(file.string() + ": " + message);
  }
}

}  // namespace thalweg
