// The optimizer's state as tensors and metadata, and back.
//
// Tensors: "PARAMETER/COLUMN" for every column. Metadata "thalweg": one JSON object with rule, groups, step numbers.
#include "checkpoint/json.h"
#include "optimizer_impl.h"
#include "text.h"

#include <thalweg/suggest.h>

#include <algorithm>
#include <cstring>

namespace thalweg {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::string_view kKey = "thalweg";

std::string_view name_of(StepCount step_count) {
  return step_count == StepCount::shared ? "shared" : "per_parameter";
}

std::string tensor_name(std::string_view parameter, std::string_view column) {
  return std::string(parameter) + "/" + std::string(column);
}

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
  if (step < 0) throw Error(what + ": step = " + std::to_string(step) + " is outside [0, ∞)");
  return step;
}

/// A parameter's part of a state that has been checked and not yet taken over.
struct Loaded {
  std::uint32_t group;
  std::int64_t step;
  std::array<double, kMaxScalars> scalars;
  std::array<Buffer, kMaxColumns> storage;
};

}  // namespace

State Optimizer::Impl::state() const {
  json::Value head = json::Object();
  head["format"] = "optimizer";
  head["version"] = kVersion;
  head["rule"] = rule->name;
  head["step_count"] = name_of(settings.step_count);
  if (shares_steps()) head["shared_step"] = shared_step;
  head["groups"] = json::Array();
  for (const GroupRecord& group : groups) {
    json::Value entry = json::Object();
    entry["name"] = group.name;
    json::Value options = json::Object();
    for (std::size_t i = 0; i < rule->options.size(); ++i) options[rule->options[i].name] = group.options.values()[i];
    entry["options"] = options;
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
    head["parameters"][record.name] = entry;
    for (std::size_t k = 0; k < rule->columns.size(); ++k) {
      if (record.storage[k] == nullptr) continue;
      safetensors::Tensor tensor;
      tensor.dtype = parameter.precision == Precision::f32 ? safetensors::Dtype::F32 : safetensors::Dtype::F64;
      tensor.shape = {parameter.size};
      tensor.data.resize(parameter.size * bytes_of(parameter.precision));
      if (!tensor.data.empty()) std::memcpy(tensor.data.data(), record.storage[k].get(), tensor.data.size());
      result.tensors.emplace(tensor_name(record.name, rule->columns[k].name), std::move(tensor));
    }
  }
  result.metadata.emplace(kKey, json::to_string(head));
  return result;
}

void Optimizer::Impl::load(const State& state) {
  const auto metadata = state.metadata.find(kKey);
  if (metadata == state.metadata.end()) throw Error("state: metadata \"thalweg\" is missing: no optimizer state");
  const json::Value head = json::parse(metadata->second, "state: metadata \"thalweg\"");
  if (const std::string& format = head.at("format", "state").string("state: format"); format != "optimizer") {
    throw Error("state: format is " + in_quotes(format) + ", expected \"optimizer\"");
  }
  if (const std::uint64_t version = head.at("version", "state").unsigned_integer("state: version"); version != kVersion) {
    throw Error("state: version " + std::to_string(version) + " is " + (version > kVersion ? "newer" : "older") +
                " than " + std::to_string(kVersion) + ", the version this thalweg reads");
  }
  const RuleInfo& saved_rule = thalweg::rule(head.at("rule", "state").string("state: rule"));
  if (engine_rule(saved_rule).family != rule->family) {
    throw Error("state: is of rule " + std::string(saved_rule.name) + ", the optimizer's is " +
                std::string(rule->name));
  }
  if (const std::string& count = head.at("step_count", "state").string("state: step_count");
      count != name_of(settings.step_count)) {
    throw Error("state: step_count is " + count + ", the optimizer's is " + std::string(name_of(settings.step_count)));
  }

  // Everything is made and checked first, and taken over only when nothing can fail any more.
  std::vector<GroupRecord> new_groups = groups;
  std::vector<bool> group_loaded(groups.size());
  const auto group_index = [&](const std::string& name, const std::string& what) {
    std::vector<std::string> known;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i].name == name) return i;
      known.push_back(groups[i].name);
    }
    throw Error(what + ": the optimizer has no group " + in_quotes(name) + suggest(name, known));
  };
  for (const json::Value& entry : head.at("groups", "state").array("state: groups")) {
    const std::string& name = entry.at("name", "state: group").string("state: group: name");
    const std::string what = "state: group " + in_quotes(name);
    const std::size_t index = group_index(name, what);
    if (group_loaded[index]) throw Error(what + " is there twice");
    group_loaded[index] = true;
    GroupRecord& group = new_groups[index];
    Options options(*rule);
    const json::Object& saved_options = entry.at("options", what).object(what + ": options");
    for (const auto& [option, value] : saved_options) options.set(option, value.number(what + ": " + option));
    for (const OptionInfo& option : rule->options) entry.at("options", what).at(option.name, what + ": options");
    group.options = std::move(options);
    group.columns = rule->columns_under(group.options);
    if (shares_steps()) group.shared_scalars = scalars_from_json(*rule, entry.at("scalars", what), what);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!group_loaded[i]) throw Error("state: group " + in_quotes(groups[i].name) + " is missing");
  }
  const std::int64_t new_shared_step =
      shares_steps() ? step_from_json(head.at("shared_step", "state"), "state: shared_step") : 0;

  std::vector<Loaded> loaded(parameters.size());
  std::size_t tensors_used = 0;
  const json::Object& saved = head.at("parameters", "state").object("state: parameters");
  for (const auto& [name, entry] : saved) {
    const std::string what = "state: parameter " + in_quotes(name);
    const auto found = by_name.find(name);
    if (found == by_name.end()) throw Error(what + " is not one of the optimizer's");
    const Parameter& parameter = parameters[found->second];
    Loaded& own = loaded[found->second];
    if (const std::string& dtype = entry.at("dtype", what).string(what); dtype != thalweg::name_of(parameter.precision)) {
      throw Error(what + " is " + dtype + ", the optimizer's is " + thalweg::name_of(parameter.precision));
    }
    if (const std::uint64_t size = entry.at("size", what).unsigned_integer(what); size != parameter.size) {
      throw Error(what + " has " + std::to_string(size) + " elements, the optimizer's " + std::to_string(parameter.size));
    }
    own.group = static_cast<std::uint32_t>(group_index(entry.at("group", what).string(what), what));
    own.step = step_from_json(entry.at("step", what), what);
    own.scalars = shares_steps() ? first_scalars() : scalars_from_json(*rule, entry.at("scalars", what), what);
    for (std::size_t k = 0; k < rule->columns.size(); ++k) {
      const ColumnInfo& column = new_groups[own.group].columns[k];
      const auto tensor = state.tensors.find(tensor_name(name, column.name));
      if (tensor == state.tensors.end()) {
        if (column.needed && own.step > 0) throw Error(what + ": column " + in_quotes(std::string(column.name)) + " is missing");
        continue;
      }
      ++tensors_used;
      const safetensors::Dtype dtype =
          parameter.precision == Precision::f32 ? safetensors::Dtype::F32 : safetensors::Dtype::F64;
      const std::size_t bytes = parameter.size * bytes_of(parameter.precision);
      if (tensor->second.dtype != dtype || tensor->second.shape != std::vector<std::uint64_t>{parameter.size} ||
          tensor->second.data.size() != bytes) {
        throw Error("state: tensor " + in_quotes(tensor->first) + " is not " + thalweg::name_of(parameter.precision) +
                    " of shape [" + std::to_string(parameter.size) + "]");
      }
      own.storage[k] = make_buffer(std::max<std::size_t>(1, bytes));
      if (bytes > 0) std::memcpy(own.storage[k].get(), tensor->second.data.data(), bytes);
    }
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].alive && !saved.contains(records[i].name)) {
      throw Error("state: parameter " + in_quotes(records[i].name) + " is missing");
    }
  }
  if (tensors_used != state.tensors.size()) {
    for (const auto& [name, tensor] : state.tensors) {
      const std::size_t slash = name.rfind('/');
      const auto of_rule = [&](const ColumnInfo& column) { return slash != name.npos && column.name == name.substr(slash + 1); };
      if (slash == name.npos || !saved.contains(name.substr(0, slash)) ||
          std::ranges::none_of(rule->columns, of_rule)) {
        throw Error("state: tensor " + in_quotes(name) + " belongs to no parameter and column");
      }
    }
  }

  for (GroupRecord& group : new_groups) group.version = ++versions;
  groups.swap(new_groups);
  shared_step = new_shared_step;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].alive) continue;
    parameters[i].group = loaded[i].group;
    parameters[i].step = loaded[i].step;
    parameters[i].scalars = loaded[i].scalars;
    parameters[i].columns = {};
    parameters[i].columns_made_for = 0;
    records[i].storage = std::move(loaded[i].storage);
  }
}

}  // namespace thalweg
