// The optimizer's state as tensors and metadata, and back.
//
// Tensors: "PARAMETER/COLUMN" for every column. Metadata "thalweg": one JSON object with rule, groups, step numbers.
#include "checkpoint/json.h"
#include "checkpoint/settings_json.h"
#include "checkpoint/state_head.h"
#include "optimizer_impl.h"
#include "text.h"

#include <thalweg/suggest.h>

#include <algorithm>
#include <cstring>

namespace thalweg {
namespace {

constexpr std::uint64_t kVersion = 1;
/// The average's name among a parameter's tensors; no rule's column is called so.
constexpr std::string_view kAverage = "average";

json::Value scalars_to_json(const Rule& rule, const std::array<double, kMaxScalars>& scalars) {
  json::Value result = json::Object();
  for (std::size_t i = 0; i < rule.scalars.size(); ++i) result[rule.scalars[i].name] = scalars[i];
  return result;
}

std::array<double, kMaxScalars> scalars_from_json(const Rule& rule, const json::Value& json, const std::string& what) {
  std::array<double, kMaxScalars> result{};
  for (std::size_t i = 0; i < rule.scalars.size(); ++i) result[i] = json.at(rule.scalars[i].name, what).number(what);
  return result;
}

std::int64_t step_from_json(const json::Value& json, const std::string& what) {
  const std::int64_t step = json.integer(what);
  if (step < 0) throw Error(what + " = " + std::to_string(step) + " is outside [0, ∞)");
  return step;
}

safetensors::Dtype dtype_of(Precision precision) {
  return precision == Precision::f32 ? safetensors::Dtype::F32 : safetensors::Dtype::F64;
}

safetensors::Tensor to_tensor(const Buffer& buffer, const Parameter& parameter) {
  safetensors::Tensor tensor;
  tensor.dtype = dtype_of(parameter.precision);
  tensor.shape = {parameter.size};
  tensor.data.resize(parameter.size * bytes_of(parameter.precision));
  if (!tensor.data.empty()) std::memcpy(tensor.data.data(), buffer.get(), tensor.data.size());
  return tensor;
}

/// The elements of the state's tensor of this name, which must be as many as the parameter has, and of its type.
Buffer to_buffer(const State& state, const std::string& name, const Parameter& parameter) {
  const auto it = state.tensors.find(name);
  if (it == state.tensors.end()) throw Error("state: tensor " + in_quotes(name) + " is missing");
  const safetensors::Tensor& tensor = it->second;
  const std::size_t bytes = parameter.size * bytes_of(parameter.precision);
  if (tensor.dtype != dtype_of(parameter.precision) || tensor.shape != std::vector<std::uint64_t>{parameter.size} ||
      tensor.data.size() != bytes) {
    throw Error("state: tensor " + in_quotes(name) + " is not " + name_of(parameter.precision) + " of shape [" +
                std::to_string(parameter.size) + "]");
  }
  Buffer buffer = make_buffer(std::max<std::size_t>(1, bytes));
  if (bytes > 0) std::memcpy(buffer.get(), tensor.data.data(), bytes);
  return buffer;
}

/// Throws Error for the first tensor that is no column of a saved parameter.
void check_for_strays(const json::Object& saved, const State& state) {
  for (const auto& tensor : state.tensors) {
    const std::string& name = tensor.first;
    const std::size_t slash = std::min(name.rfind('/'), name.size());
    const auto parameter = saved.find(name.substr(0, slash));
    bool known = false;
    if (parameter != saved.end() && slash < name.size()) {
      const json::Array& columns = parameter->second.at("columns", "state").array("state: columns");
      const std::string column = name.substr(slash + 1);
      known = column == kAverage ? parameter->second.at("averaged", "state").integer("state: averaged") > 0
                                 : std::find(columns.begin(), columns.end(), json::Value(column)) != columns.end();
    }
    if (!known) throw Error("state: tensor " + in_quotes(name) + " belongs to no parameter and column");
  }
}

}  // namespace

State Optimizer::Impl::state() const {
  check_not_swapped("state");
  json::Value head = json::Object();
  head["format"] = "optimizer";
  head["version"] = kVersion;
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

void Optimizer::Impl::check_head(const json::Value& head) const {
  if (const std::string& format = head.at("format", "state").string("state: format"); format != "optimizer") {
    throw Error("state: format is " + in_quotes(format) + ", expected \"optimizer\"");
  }
  const std::uint64_t version = head.at("version", "state").unsigned_integer("state: version");
  if (version != kVersion) {
    throw Error("state: version " + std::to_string(version) + " is " + (version > kVersion ? "newer" : "older") +
                " than " + std::to_string(kVersion) + ", the version this thalweg reads");
  }
  const RuleInfo& saved_rule = thalweg::rule(head.at("rule", "state").string("state: rule"));
  if (engine_rule(saved_rule).family != rule->family) {
    throw Error("state: is of rule " + std::string(saved_rule.name) + ", the optimizer's is " +
                std::string(rule->name));
  }
}

std::size_t Optimizer::Impl::group_index(const std::string& name, const std::string& what) const {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].name == name) return i;
    known.push_back(groups[i].name);
  }
  throw Error(what + ": the optimizer has no group " + in_quotes(name) + suggest(name, known));
}

std::vector<GroupRecord> Optimizer::Impl::read_groups(const json::Value& head) const {
  std::vector<GroupRecord> result = groups;
  std::vector<bool> read(groups.size());
  for (const json::Value& entry : head.at("groups", "state").array("state: groups")) {
    const std::string& name = entry.at("name", "state: group").string("state: group: name");
    const std::string what = "state: group " + in_quotes(name);
    const std::size_t index = group_index(name, what);
    if (read[index]) throw Error(what + " is there twice");
    read[index] = true;
    Options options(*rule);
    const json::Value& saved = entry.at("options", what);
    for (const auto& [option, value] : saved.object(what)) options.set(option, value.number(what + ": " + option));
    for (const OptionInfo& option : rule->options) saved.at(option.name, what + ": options");
    result[index].columns = rule->columns_under(options);
    result[index].options = std::move(options);
    const json::Value* lr_scale = entry.find("lr_scale", what);
    result[index].lr_scale = lr_scale != nullptr ? lr_scale->number(what + ": lr_scale") : 1;
    check_lr_scale(result[index].lr_scale, what);
    if (shares_steps()) result[index].shared_scalars = scalars_from_json(*rule, entry.at("scalars", what), what);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!read[i]) throw Error("state: group " + in_quotes(groups[i].name) + " is missing");
  }
  return result;
}

LoadedParameter Optimizer::Impl::read_parameter(const std::string& name, const json::Value& entry,
                                                const State& state) const {
  const std::string what = "state: parameter " + in_quotes(name);
  const auto found = by_name.find(name);
  if (found == by_name.end()) throw Error(what + " is not one of the optimizer's");
  const Parameter& parameter = parameters[found->second];
  if (const std::string& dtype = entry.at("dtype", what).string(what + ": dtype");
      dtype != thalweg::name_of(parameter.precision)) {
    throw Error(what + " is " + dtype + ", the optimizer's is " + thalweg::name_of(parameter.precision));
  }
  if (const std::uint64_t size = entry.at("size", what).unsigned_integer(what + ": size"); size != parameter.size) {
    throw Error(what + " has " + std::to_string(size) + " elements, the optimizer's " + std::to_string(parameter.size));
  }
  LoadedParameter result;
  result.index = found->second;
  result.group = static_cast<std::uint32_t>(group_index(entry.at("group", what).string(what + ": group"), what));
  result.step = step_from_json(entry.at("step", what), what + ": step");
  result.scalars = shares_steps() ? first_scalars() : scalars_from_json(*rule, entry.at("scalars", what), what);
  const json::Array& columns = entry.at("columns", what).array(what + ": columns");
  for (std::size_t k = 0; k < rule->columns.size(); ++k) {
    const std::string column(rule->columns[k].name);
    // A column that had not been in use yet is not there, and begins at its first value.
    if (std::find(columns.begin(), columns.end(), json::Value(column)) == columns.end()) continue;
    result.storage[k] = to_buffer(state, tensor_name(name, column), parameter);
  }
  result.averaged = step_from_json(entry.at("averaged", what), what + ": averaged");
  if (result.averaged > 0) result.average = to_buffer(state, tensor_name(name, kAverage), parameter);
  return result;
}

void Optimizer::Impl::load(const State& state) {
  check_not_swapped("load");
  const auto metadata = state.metadata.find(kStateKey);
  if (metadata == state.metadata.end()) throw Error("state: metadata \"thalweg\" is missing: no optimizer state");
  const json::Value head = json::parse(metadata->second, "state: metadata \"thalweg\"");

  // Everything is read and checked first, and taken over only when nothing can fail any more.
  check_head(head);
  const std::int64_t new_steps = step_from_json(head.at("steps", "state"), "state: steps");
  for (const std::string_view key : kSettingsKeys) head.at(key, "state");
  const Settings saved_settings = read_settings(head.object("state"), "state");
  if (saved_settings.step_count != settings.step_count) {
    throw Error("state: step_count is " + std::string(to_string(saved_settings.step_count)) + ", the optimizer's is " +
                std::string(to_string(settings.step_count)));
  }
  std::vector<GroupRecord> new_groups = read_groups(head);
  const json::Object& saved = head.at("parameters", "state").object("state: parameters");
  std::vector<LoadedParameter> loaded;
  for (const auto& [name, entry] : saved) loaded.push_back(read_parameter(name, entry, state));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].alive && !saved.contains(records[i].name)) {
      throw Error("state: parameter " + in_quotes(records[i].name) + " is missing");
    }
  }
  check_for_strays(saved, state);

  for (GroupRecord& group : new_groups) group.version = ++versions;
  groups.swap(new_groups);
  steps = new_steps;
  settings.loss_scale = saved_settings.loss_scale;
  settings.clip = saved_settings.clip;
  settings.average = saved_settings.average;
  for (LoadedParameter& from : loaded) {
    Parameter& parameter = parameters[from.index];
    parameter.group = from.group;
    parameter.step = from.step;
    parameter.scalars = from.scalars;
    parameter.columns = {};
    parameter.columns_made_for = 0;
    parameter.averaged = from.averaged;
    parameter.average = from.average.get();
    records[from.index].storage = std::move(from.storage);
    records[from.index].average = std::move(from.average);
  }
  options_changed();
}

}  // namespace thalweg
