// The optimizer's state taken over from tensors and metadata: everything is read and checked first.
#include "checkpoint/json.h"
#include "checkpoint/memory_order.h"
#include "checkpoint/safetensors_layout.h"
#include "checkpoint/settings_json.h"
#include "checkpoint/state_fields.h"
#include "checkpoint/state_head.h"
#include "naming.h"
#include "optimizer_impl.h"
#include "schedule/schedule_text.h"
#include "text.h"

#include <thalweg/suggest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

namespace thalweg::inline v0_1 {
namespace {

using Missing = LoadOptions::Missing;
using Unknown = LoadOptions::Unknown;

/// A parameter's part of a state that has been checked and not yet taken over.
struct LoadedParameter {
  std::uint32_t index = 0;
  std::uint32_t group = 0;
  std::int64_t step = 0;
  std::int64_t averaged = 0;
  std::int64_t accumulated = 0;
  std::uint32_t begun = 0;
  Scalars scalars{};
  RowNumbers rows;
  std::array<Buffer, kSlots> storage;
};

/// A state as it is being read for an optimizer, which it does not change.
class StateReader {
 public:
  StateReader(const Settings& own_settings, const Groups& own_groups, const Parameters& own, const State& state,
              const LoadOptions& options)
      : own_settings_(own_settings), own_groups_(own_groups), own_(own), state_(state), options_(options) {}

  void read() {
    const auto metadata = state_.metadata.find(kStateKey);
    if (metadata == state_.metadata.end()) throw Error("state: metadata \"thalweg\" is missing: no optimizer state");
    const json::Value head = json::parse(metadata->second, "state: metadata \"thalweg\"");
    check_head(head);
    counters.steps = count_from_json(head.at("steps", "state"), "state: steps");
    counters.refused = optional_count(head, "refused_steps", "state");
    counters.accumulated = optional_count(head, "accumulated_calls", "state");
    counters.good_steps = optional_count(head, "good_steps", "state");
    for (const std::string_view key : kFirstSettingsKeys) head.at(key, "state");
    // Files of before keep neither.
    settings = read_settings(head.object("state"), "state",
                             {.first_values = own_settings_.first_values, .check = own_settings_.check});
    if (settings.step_count != own_settings_.step_count) {
      throw Error("state: step_count is " + std::string(to_string(settings.step_count)) + ", the optimizer's is " +
                  std::string(to_string(own_settings_.step_count)));
    }
    if (counters.accumulated > 0 && counters.accumulated >= settings.accumulation.calls) {
      throw Error("state: accumulated_calls = " + std::to_string(counters.accumulated) + " is outside [0, " +
                  std::to_string(settings.accumulation.calls) + ")");
    }
    if (settings.dynamic_loss_scale.on && counters.good_steps >= settings.dynamic_loss_scale.interval) {
      throw Error("state: good_steps = " + std::to_string(counters.good_steps) + " is outside [0, " +
                  std::to_string(settings.dynamic_loss_scale.interval) + ")");
    }
    read_schedule_state(head);
    read_groups(head);
    naming("state: ", [&] { check_first_values(settings, *own_groups_.at(0).rule); });
    read_families(head);
    read_parameters(head.at("parameters", "state").object("state: parameters"));
  }

  Counters counters;
  Settings settings;
  ScheduleState schedule;
  std::vector<GroupRecord> groups;
  std::map<std::string_view, Scalars> family_scalars;
  std::vector<LoadedParameter> parameters;
  LoadReport report;

 private:
  bool shares_steps() const { return own_settings_.step_count == StepCount::shared; }

  void check_head(const json::Value& head) const {
    if (const std::string& format = head.at("format", "state").string("state: format"); format != "optimizer") {
      throw Error("state: format is " + in_quotes(format) + ", expected \"optimizer\"");
    }
    const std::uint64_t version = head.at("version", "state").unsigned_integer("state: version");
    if (version < 1 || version > kStateVersion) {
      throw Error("state: version " + std::to_string(version) + " is " + (version > kStateVersion ? "newer" : "older") +
                  " than what this thalweg reads: 1 to " + std::to_string(kStateVersion));
    }
  }

  /// A state without a schedule leaves the optimizer its own, at the step that the state has come to.
  void read_schedule_state(const json::Value& head) {
    const json::Value* const saved = head.find("schedule", "state");
    if (saved == nullptr) {
      schedule.position.steps = counters.steps;
      return;
    }
    schedule.schedule = read_schedule(*saved, "state: schedule");
    const std::string what = "state: schedule_position";
    const json::Value& json = head.at("schedule_position", "state");
    const auto count = [&](const char* key) { return count_from_json(json.at(key, what), what + ": " + key); };
    schedule.position = {.steps = count("steps"),
                         .reduced = json.at("reduced", what).number(what + ": reduced"),
                         .best = {},
                         .bad = count("bad"),
                         .cooldown = count("cooldown")};
    if (const json::Value* best = json.find("best", what)) schedule.position.best = best->number(what + ": best");
    if (!at_least(0).contains(schedule.position.reduced)) {
      throw Error(what + ": reduced = " + to_text(schedule.position.reduced) + " is outside [0, ∞)");
    }
    schedule.steps_per_epoch = count("steps_per_epoch");
    if (schedule.steps_per_epoch < 1) throw Error(what + ": steps_per_epoch = 0 is outside [1, ∞)");
  }

  /// The optimizer's group of this name; nothing if it has none and may leave it out.
  std::optional<std::uint32_t> group_index(const std::string& name, const std::string& what) const {
    std::vector<std::string> known;
    for (std::uint32_t i = 0; i < own_groups_.size(); ++i) {
      if (own_groups_.at(i).name == name) return i;
      known.push_back(own_groups_.at(i).name);
    }
    if (options_.unknown == Unknown::ignore) return {};
    throw Error(what + ": the optimizer has no group " + in_quotes(name) + suggest(name, known));
  }

  void read_groups(const json::Value& head) {
    groups = own_groups_.records();
    std::vector<bool> read(groups.size());
    for (const json::Value& entry : head.at("groups", "state").array("state: groups")) {
      const std::string& name = entry.at("name", "state: group").string("state: group: name");
      const std::string what = "state: group " + in_quotes(name);
      // Files of the first version have one rule for all groups.
      const json::Value* rule_name = entry.find("rule", what);
      const RuleInfo& rule = thalweg::rule(rule_name != nullptr ? rule_name->string(what + ": rule")
                                                                : head.at("rule", "state").string("state: rule"));
      families_.emplace(name, engine_rule(rule).family);
      const std::optional<std::uint32_t> index = group_index(name, what);
      if (!index) continue;
      if (read[*index]) throw Error(what + " is there twice");
      read[*index] = true;
      if (engine_rule(rule).family != groups[*index].rule->family) {
        throw Error((rule_name != nullptr ? what : "state:") + " is of rule " + std::string(rule.name) +
                    ", the optimizer's is " + std::string(groups[*index].rule->name));
      }
      read_group(entry, what, groups[*index]);
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!read[i] && options_.missing == Missing::refuse) {
        throw Error("state: group " + in_quotes(groups[i].name) + " is missing");
      }
    }
  }

  void read_group(const json::Value& entry, const std::string& what, GroupRecord& group) const {
    const Rule& rule = *group.rule;
    Options options(rule);
    const json::Value& saved = entry.at("options", what);
    for (const auto& [option, value] : saved.object(what)) {
      const double number = value.number(what + ": " + printable(option));
      naming(what + ": ", [&, &option = option] { options.set(option, number); });
    }
    for (const OptionInfo& option : rule.options) saved.at(option.name, what + ": options");
    group.lr = options.get("lr");
    group.options = std::move(options);
    const json::Value* lr_scale = entry.find("lr_scale", what);
    group.lr_scale = lr_scale != nullptr ? lr_scale->number(what + ": lr_scale") : 1;
    check_lr_scale(group.lr_scale, what);
    if (shares_steps()) {
      read_scalars(rule, entry.at("scalars", what), what, ScalarOwner::parameter, group.shared_scalars);
    }
  }

  /// Scalars that belong to the optimizer.
  void read_families(const json::Value& head) {
    family_scalars = own_groups_.all_family_scalars();
    static const json::Value kNone = json::Object();
    const json::Value* found = head.find("families", "state");
    const json::Value* const saved = found != nullptr ? found : &kNone;
    for (const std::uint32_t first : own_groups_.families()) {
      const Rule& rule = *own_groups_.at(first).rule;
      const json::Value* entry = saved->find(rule.family, "state: families");
      if (entry == nullptr) {
        const auto is_of_optimizer = [](const ScalarInfo& scalar) { return scalar.owner == ScalarOwner::optimizer; };
        if (options_.missing == Missing::keep || std::ranges::none_of(rule.scalars, is_of_optimizer)) continue;
        throw Error("state: families: " + in_quotes(rule.family) + " is missing");
      }
      Scalars scalars = first_scalars(rule);
      read_scalars(rule, *entry, "state: families: " + std::string(rule.family), ScalarOwner::optimizer, scalars);
      family_scalars[rule.family] = scalars;
    }
  }

  void read_parameters(const json::Object& saved) {
    for (const auto& [name, entry] : saved) {
      const std::string what = "state: parameter " + in_quotes(name);
      const std::uint32_t index = own_.find(name);
      if (index != UINT32_MAX) {
        parameters.push_back(read_parameter(index, name, entry, what));
      } else if (options_.unknown == Unknown::ignore) {
        report.ignored.push_back(name);
      } else {
        std::vector<std::string> known = own_.names();
        std::sort(known.begin(), known.end());
        throw Error(what + " is not one of the optimizer's" + suggest(name, known));
      }
    }
    for (const std::string& name : own_.names()) {
      if (saved.contains(name)) continue;
      if (options_.missing == Missing::refuse) throw Error("state: parameter " + in_quotes(name) + " is missing");
      report.kept.push_back(name);
    }
    if (parameters.empty() && !report.kept.empty()) {
      throw Error("state: has none of the optimizer's parameters, of which one is " + in_quotes(report.kept[0]) +
                  (saved.empty() ? "" : "; it has " + in_quotes(saved.begin()->first)));
    }
    check_for_strays(saved, state_);
  }

  /// The group of a saved parameter in the optimizer, whose rule must be able to take its state over.
  std::uint32_t group_of(const json::Value& entry, const Parameter& parameter, const std::string& what) const {
    const std::string& name = entry.at("group", what).string(what + ": group");
    const std::uint32_t group = group_index(name, what).value_or(parameter.group);
    const auto family = families_.find(name);
    if (family != families_.end() && family->second != groups[group].rule->family) {
      throw Error(what + " has state of " + std::string(family->second) + ", its group's rule here is " +
                  std::string(groups[group].rule->name));
    }
    return group;
  }

  LoadedParameter read_parameter(std::uint32_t index, const std::string& name, const json::Value& entry,
                                 const std::string& what) const {
    const Parameter& parameter = own_[index];
    const ParameterRecord& record = own_.record(index);
    if (const std::string& dtype = entry.at("dtype", what).string(what + ": dtype");
        dtype != name_of(parameter.precision)) {
      throw Error(what + " is " + printable(dtype) + ", the optimizer's is " + name_of(parameter.precision));
    }
    LoadedParameter result;
    result.index = index;
    result.group = group_of(entry, parameter, what);
    const Rule& rule = *groups[result.group].rule;
    const Shape saved = shape_from_json(entry, record.shape, what);
    check_shapes(saved, record.shape, rule.by_layout, what);
    result.step = count_from_json(entry.at("step", what), what + ": step");
    result.scalars = first_scalars(rule);
    if (own_settings_.step_count == StepCount::per_parameter) {
      read_scalars(rule, entry.at("scalars", what), what, ScalarOwner::parameter, result.scalars);
    }
    result.averaged = count_from_json(entry.at("averaged", what), what + ": averaged");
    result.accumulated = optional_count(entry, "accumulated", what);
    if (result.accumulated > counters.accumulated) {
      throw Error(what + ": accumulated = " + std::to_string(result.accumulated) + " is outside [0, " +
                  std::to_string(counters.accumulated) + "], the state's accumulated_calls");
    }
    const json::Array& columns = entry.at("columns", what).array(what + ": columns");
    for (const ColumnSlot& slot : column_slots(rule)) {
      const std::string column(slot.name);
      // A column that had not been in use yet is not there, and begins at its first value.
      const bool is_there = slot.role == Role::rule      ? names_column(columns, column)
                            : slot.role == Role::average ? result.averaged > 0
                                                         : result.accumulated > 0;
      if (!is_there) continue;
      result.storage[slot.slot] = read_column(tensor_name(name, column), index, slot.shape, saved);
      if (slot.role != Role::rule) continue;
      const bool begun = has_begun(entry, column, shares_steps() ? counters.steps : result.step, what);
      result.begun |= begun ? std::uint32_t{1} << slot.slot : 0;
    }
    if (own_settings_.step_count == StepCount::per_row) {
      result.rows = read_rows(rule, entry, result.step, result.begun, record.rows.steps.size(), what);
    }
    return result;
  }

  /// Of a parameter that has taken `steps` and begun these columns.
  static RowNumbers read_rows(const Rule& rule, const json::Value& entry, std::int64_t steps, std::uint32_t begun,
                              std::size_t wanted, const std::string& what) {
    RowNumbers rows;
    for (const json::Value& run : entry.at("rows", what).array(what + ": rows")) {
      const std::int64_t count = count_from_json(run.at("rows", what), what + ": rows");
      if (static_cast<std::uint64_t>(count) > wanted - rows.steps.size()) {
        throw Error(what + " has numbers of more rows than the " + std::to_string(wanted) + " that it has");
      }
      const std::int64_t step = count_from_json(run.at("step", what), what + ": rows: step");
      if (step > steps) {
        throw Error(what + " has a row at step " + std::to_string(step) + ", and has taken " + std::to_string(steps));
      }
      std::uint32_t its_begun = 0;
      for (std::size_t k = 0; k < rule.columns.size(); ++k) {
        if (has_begun(run, rule.columns[k].name, step, what)) its_begun |= begun & std::uint32_t{1} << k;
      }
      rows.steps.insert(rows.steps.end(), static_cast<std::size_t>(count), step);
      rows.begun.insert(rows.begun.end(), static_cast<std::size_t>(count), its_begun);
      if (rule.scalars.empty()) continue;
      Scalars scalars = first_scalars(rule);
      read_scalars(rule, run.at("scalars", what), what + ": rows", ScalarOwner::parameter, scalars);
      rows.scalars.insert(rows.scalars.end(), static_cast<std::size_t>(count), scalars);
    }
    if (rows.steps.size() == wanted) return rows;
    throw Error(what + " has numbers of " + std::to_string(rows.steps.size()) + " rows, the optimizer's has " +
                std::to_string(wanted));
  }

  /// The elements of the state's tensor of this name, which must be as many as the column has, and of the parameter's
  /// type.
  Buffer read_column(const std::string& name, std::uint32_t index, ColumnShape shape, const Shape& saved) const {
    const auto it = state_.tensors.find(name);
    if (it == state_.tensors.end()) throw Error("state: tensor " + in_quotes(name) + " is missing");
    const safetensors::Tensor& tensor = it->second;
    const Parameter& parameter = own_[index];
    const std::size_t size = own_.column_size(index, shape), width = bytes_of(parameter.precision);
    const bool is_like_parameter = shape == ColumnShape::parameter;
    const std::vector<std::uint64_t> flat{size}, full(saved.sizes.begin(), saved.sizes.end());
    const bool fits = tensor.shape == flat || (is_like_parameter && tensor.shape == full);
    if (tensor.dtype != dtype_of(parameter.precision) || !fits || tensor.data.size() != size * width) {
      throw Error("state: tensor " + in_quotes(name) + " is not " + name_of(parameter.precision) + " of shape " +
                  safetensors::to_string(is_like_parameter && saved.is_row_major() ? full : flat));
    }
    Buffer buffer = make_buffer(std::max<std::size_t>(1, size * width));
    const Shape& own = own_.record(index).shape;
    if (is_like_parameter && saved.sizes == own.sizes) {
      copy_in_order(saved, own, width, tensor.data, buffer.get());
    } else if (size > 0) {
      std::memcpy(buffer.get(), tensor.data.data(), tensor.data.size());
    }
    return buffer;
  }

  const Settings& own_settings_;
  const Groups& own_groups_;
  const Parameters& own_;
  const State& state_;
  const LoadOptions options_;
  std::map<std::string, std::string_view> families_;  // of the saved groups, by name
};

}  // namespace

LoadReport Optimizer::Impl::load(const State& state, const LoadOptions& load_options) {
  check_at_rest("load");
  StateReader reader(settings, groups, parameters, state, load_options);
  reader.read();

  // Nothing can fail any more.
  counters = reader.counters;
  settings = std::move(reader.settings);
  // Gradients that were accumulated belong to the step that is given up here.
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].accumulated = 0;
  for (LoadedParameter& from : reader.parameters) {
    Parameter& parameter = parameters[from.index];
    ParameterRecord& record = parameters.record(from.index);
    parameter.group = from.group;
    parameter.step = from.step;
    parameter.scalars = from.scalars;
    parameter.columns_made_for = 0;
    parameter.begun = from.begun;
    parameter.averaged = from.averaged;
    parameter.accumulated = from.accumulated;
    record.rows = std::move(from.rows);
    record.storage = std::move(from.storage);
    record.capacity = {};
    parameter.columns = {};
    for (const ColumnSlot& slot : column_slots(*reader.groups[from.group].rule)) {
      if (record.storage[slot.slot] == nullptr) continue;
      record.capacity[slot.slot] = std::max<std::size_t>(1, parameters.column_size(from.index, slot.shape));
      if (slot.role != Role::rule) parameter.columns[slot.slot] = record.storage[slot.slot].get();
    }
  }
  groups.replace(std::move(reader.groups), std::move(reader.family_scalars));
  for (const LoadedParameter& from : reader.parameters) groups.fit(Group{from.group});
  if (reader.schedule.schedule) {
    schedule = std::move(reader.schedule);
  } else {
    schedule.position = reader.schedule.position;
  }
  try {
    apply_schedule();
  } catch (const Error&) {
    // A rate that is not allowed is told by the next step.
  }
  return std::move(reader.report);
}

}  // namespace thalweg::inline v0_1
