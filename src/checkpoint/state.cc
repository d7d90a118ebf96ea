// The optimizer's state as tensors and metadata. The way back is in state_load.cc.
//
// Tensors: "PARAMETER/COLUMN" for every column, in the order of the parameter's memory. Metadata "thalweg": one JSON
// object with rules, groups, shapes, step numbers.
#include "checkpoint/json.h"
#include "checkpoint/settings_json.h"
#include "checkpoint/state_head.h"
#include "optimizer_impl.h"
#include "schedule/schedule_text.h"
#include "text.h"

#include <cstring>

namespace thalweg::inline v0_1 {
namespace {

/// The scalars of this owner.
json::Value to_json(const Rule& rule, const Scalars& scalars, ScalarOwner owner) {
  json::Value result = json::Object();
  for (std::size_t i = 0; i < rule.scalars.size(); ++i) {
    if (rule.scalars[i].owner == owner) result[rule.scalars[i].name] = scalars[i];
  }
  return result;
}

json::Value to_json(const std::vector<std::int64_t>& numbers) {
  json::Array array;
  for (const std::int64_t number : numbers) array.emplace_back(number);
  return array;
}

json::Value to_json(const ScheduleState& schedule) {
  const SchedulePosition& position = schedule.position;
  json::Value result = json::Object{{"steps", position.steps},
                                    {"reduced", position.reduced},
                                    {"bad", position.bad},
                                    {"cooldown", position.cooldown},
                                    {"steps_per_epoch", schedule.steps_per_epoch}};
  if (position.best) result["best"] = *position.best;
  return result;
}

/// Runs of rows that are alike: `{"rows": 12, "step": 3, "scalars": {…}}`. `begins` names the columns that a step of
/// the parameter has used, and none of these rows.
json::Value to_json(const Rule& rule, std::uint32_t begun, const RowNumbers& rows) {
  json::Value runs = json::Array();
  for (std::size_t begin = 0; begin < rows.steps.size();) {
    const auto alike = [&](std::size_t row) {
      return rows.steps[row] == rows.steps[begin] && rows.begun[row] == rows.begun[begin] &&
             (rows.scalars.empty() || rows.scalars[row] == rows.scalars[begin]);
    };
    std::size_t end = begin + 1;
    while (end < rows.steps.size() && alike(end)) ++end;
    json::Value run = json::Object();
    run["rows"] = static_cast<std::uint64_t>(end - begin);
    run["step"] = rows.steps[begin];
    if (!rows.scalars.empty()) run["scalars"] = to_json(rule, rows.scalars[begin], ScalarOwner::parameter);
    for (std::size_t k = 0; k < rule.columns.size() && rows.steps[begin] > 0; ++k) {
      if ((begun & ~rows.begun[begin]) >> k & 1) run["begins"].push_back(rule.columns[k].name);
    }
    runs.push_back(run);
    begin = end;
  }
  return runs;
}

std::vector<std::uint64_t> tensor_shape(const Shape& shape, ColumnShape column, std::size_t size) {
  if (column != ColumnShape::parameter || !shape.is_row_major()) return {size};
  return {shape.sizes.begin(), shape.sizes.end()};
}

}  // namespace

State Optimizer::Impl::state() const {
  check_at_rest("state");
  const bool shared = settings.step_count == StepCount::shared;
  json::Value head = json::Object();
  head["format"] = "optimizer";
  head["version"] = schedule.schedule ? kStateVersion : kStateVersionWithoutSchedule;
  head["steps"] = counters.steps;
  head["refused_steps"] = counters.refused;
  head["accumulated_calls"] = counters.accumulated;
  head["good_steps"] = counters.good_steps;
  write_settings(settings, head);
  if (schedule.schedule) head["schedule"] = schedule_json(*schedule.schedule);
  if (schedule.schedule) head["schedule_position"] = to_json(schedule);
  head["groups"] = json::Array();
  for (const GroupRecord& group : groups) {
    json::Value entry = json::Object();
    entry["name"] = group.name;
    entry["rule"] = group.rule->name;
    entry["options"] = to_json(group.options);
    if (schedule.schedule) entry["options"]["lr"] = group.lr;
    if (group.lr_scale != 1) entry["lr_scale"] = group.lr_scale;
    if (shared) entry["scalars"] = to_json(*group.rule, group.shared_scalars, ScalarOwner::parameter);
    head["groups"].push_back(entry);
  }
  head["families"] = json::Object();
  for (const std::uint32_t first : groups.families()) {
    const Rule& rule = *groups.at(first).rule;
    const Scalars scalars = groups.with_family(rule, first_scalars(rule));
    json::Value entry = to_json(rule, scalars, ScalarOwner::optimizer);
    if (!entry.object("families").empty()) head["families"][rule.family] = entry;
  }
  head["parameters"] = json::Object();

  State result;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    if (!parameter.alive) continue;
    const ParameterRecord& record = parameters.record(i);
    const Rule& rule = parameters.rule(i);
    json::Value entry = json::Object();
    entry["dtype"] = thalweg::name_of(parameter.precision);
    entry["shape"] = to_json(record.shape.sizes);
    if (!record.shape.is_row_major()) entry["strides"] = to_json(record.shape.strides);
    if (record.shape.is_shard()) {
      entry["whole"] = to_json(record.shape.whole);
      entry["first"] = record.shape.first;
    }
    entry["group"] = groups.at(parameter.group).name;
    entry["step"] = parameter.step;
    if (settings.step_count == StepCount::per_parameter) {
      entry["scalars"] = to_json(rule, parameter.scalars, ScalarOwner::parameter);
    }
    if (settings.step_count == StepCount::per_row) entry["rows"] = to_json(rule, parameter.begun, record.rows);
    entry["averaged"] = parameter.averaged;
    if (parameter.accumulated > 0) entry["accumulated"] = parameter.accumulated;
    entry["columns"] = json::Array();
    for (const ColumnSlot& slot : column_slots(rule)) {
      if (!parameters.holds(i, slot)) continue;
      safetensors::Tensor tensor;
      const std::size_t size = parameters.column_size(i, slot.shape);
      tensor.dtype = dtype_of(parameter.precision);
      tensor.shape = tensor_shape(record.shape, slot.shape, size);
      tensor.data.resize(size * bytes_of(parameter.precision));
      if (!tensor.data.empty()) std::memcpy(tensor.data.data(), record.storage[slot.slot].get(), tensor.data.size());
      result.tensors.emplace(tensor_name(record.name, slot.name), std::move(tensor));
      entry["columns"].push_back(slot.name);
      // Whoever looks at a rule's column makes it, and it may wait for its first step yet. Before the parameter's first
      // step all of them do, and that need not be said.
      const bool begun = slot.role != Role::rule || (parameter.begun >> slot.slot & 1) != 0;
      if (!begun && step_number(parameter) > 0) entry["begins"].push_back(slot.name);
    }
    head["parameters"][record.name] = entry;
  }
  result.metadata.emplace(kStateKey, json::to_string(head));
  return result;
}

}  // namespace thalweg::inline v0_1
