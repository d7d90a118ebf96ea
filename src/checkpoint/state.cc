// The optimizer's state as tensors and metadata. The way back is in state_load.cc.
//
// Tensors: "PARAMETER/COLUMN" for every column. Metadata "thalweg": one JSON object with rule, groups, step numbers.
#include "checkpoint/json.h"
#include "checkpoint/settings_json.h"
#include "checkpoint/state_head.h"
#include "optimizer_impl.h"
#include "text.h"

#include <cstring>

namespace thalweg {
namespace {

json::Value scalars_to_json(const Rule& rule, const std::array<double, kMaxScalars>& scalars) {
  json::Value result = json::Object();
  for (std::size_t i = 0; i < rule.scalars.size(); ++i) result[rule.scalars[i].name] = scalars[i];
  return result;
}

safetensors::Tensor to_tensor(const Buffer& buffer, const Parameter& parameter) {
  safetensors::Tensor tensor;
  tensor.dtype = dtype_of(parameter.precision);
  tensor.shape = {parameter.size};
  tensor.data.resize(parameter.size * bytes_of(parameter.precision));
  if (!tensor.data.empty()) std::memcpy(tensor.data.data(), buffer.get(), tensor.data.size());
  return tensor;
}

}  // namespace

State Optimizer::Impl::state() const {
  check_not_swapped("state");
  json::Value head = json::Object();
  head["format"] = "optimizer";
  head["version"] = kStateVersion;
  head["rule"] = rule->name;
  head["steps"] = steps;
  write_settings(settings, head);
  head["groups"] = json::Array();
  for (const GroupRecord& group : groups) {
    json::Value entry = json::Object();
    entry["name"] = group.name;
    entry["options"] = to_json(group.options);
    if (group.lr_scale != 1) entry["lr_scale"] = group.lr_scale;
    if (shares_steps()) entry["scalars"] = scalars_to_json(*rule, group.shared_scalars);
    head["groups"].push_back(entry);
  }
  head["parameters"] = json::Object();

  State result;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    if (!parameter.alive) continue;
    const ParameterRecord& record = records[i];
    json::Value entry = json::Object();
    entry["dtype"] = thalweg::name_of(parameter.precision);
    entry["size"] = static_cast<std::uint64_t>(parameter.size);
    entry["group"] = groups[parameter.group].name;
    entry["step"] = parameter.step;
    if (!shares_steps()) entry["scalars"] = scalars_to_json(*rule, parameter.scalars);
    entry["columns"] = json::Array();
    for (std::size_t k = 0; k < rule->columns.size(); ++k) {
      if (record.storage[k] == nullptr) continue;
      result.tensors.emplace(tensor_name(record.name, rule->columns[k].name), to_tensor(record.storage[k], parameter));
      entry["columns"].push_back(rule->columns[k].name);
      // Whoever looks at a column makes it, and it may wait for its first step yet. Before the parameter's first step
      // all of them do, and that need not be said.
      const bool has_begun = (parameter.begun >> k & 1) != 0;
      if (!has_begun && step_number(parameter) > 0) entry["begins"].push_back(rule->columns[k].name);
    }
    entry["averaged"] = parameter.averaged;
    if (parameter.averaged > 0) {
      result.tensors.emplace(tensor_name(record.name, kAverage), to_tensor(record.average, parameter));
    }
    head["parameters"][record.name] = entry;
  }
  result.metadata.emplace(kStateKey, json::to_string(head));
  return result;
}

}  // namespace thalweg
