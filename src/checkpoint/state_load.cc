// The optimizer's state taken over from tensors and metadata: everything is read and checked first.
#include "checkpoint/json.h"
#include "checkpoint/settings_json.h"
#include "checkpoint/state_head.h"
#include "optimizer_impl.h"
#include "text.h"

#include <thalweg/suggest.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace thalweg {
namespace {

using Missing = LoadOptions::Missing;
using Unknown = LoadOptions::Unknown;

/// A parameter's part of a state that has been checked and not yet taken over.
struct LoadedParameter {
  std::uint32_t index = 0;
  std::uint32_t group = 0;
  std::int64_t step = 0;
  std::int64_t averaged = 0;
  std::uint32_t begun = 0;
  std::array<double, kMaxScalars> scalars{};
  std::array<Buffer, kMaxColumns> storage;
  Buffer average;
};

std::array<double, kMaxScalars> scalars_from_json(const Rule& rule, const json::Value& json, const std::string& what) {
  std::array<double, kMaxScalars> result{};
  for (std::size_t i = 0; i < rule.scalars.size(); ++i) {
    const ScalarInfo& scalar = rule.scalars[i];
    result[i] = json.at(scalar.name, what).number(what + ": " + std::string(scalar.name));
    if (scalar.range.contains(result[i])) continue;
    throw Error(what + ": " + std::string(scalar.name) + " = " + to_text(result[i]) + " is outside " +
                scalar.range.text());
  }
  return result;
}

/// How often something has been done.
std::int64_t count_from_json(const json::Value& json, const std::string& what) {
  const std::int64_t count = json.integer(what);
  if (count >= 0 && count <= kMostSteps) return count;
  throw Error(what + " = " + std::to_string(count) + " is outside [0, " + std::to_string(kMostSteps) + "]");
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
      const std::string column = name.substr(slash + 1);
      known = column == kAverage
                  ? parameter->second.at("averaged", "state").integer("state: averaged") > 0
                  : names_column(parameter->second.at("columns", "state").array("state: columns"), column);
    }
    if (!known) throw Error("state: tensor " + in_quotes(name) + " belongs to no parameter and column");
  }
}

}  // namespace

/// A state as it is being read for an optimizer, which it does not change.
class Optimizer::Impl::StateReader {
 public:
  StateReader(const Impl& optimizer, const State& state, const LoadOptions& options)
      : optimizer_(optimizer), state_(state), options_(options) {}

  void read() {
    const auto metadata = state_.metadata.find(kStateKey);
    if (metadata == state_.metadata.end()) throw Error("state: metadata \"thalweg\" is missing: no optimizer state");
    const json::Value head = json::parse(metadata->second, "state: metadata \"thalweg\"");
    check_head(head);
    steps = count_from_json(head.at("steps", "state"), "state: steps");
    for (const std::string_view key : kSettingsKeys) head.at(key, "state");
    settings = read_settings(head.object("state"), "state");
    if (settings.step_count != optimizer_.settings.step_count) {
      throw Error("state: step_count is " + std::string(to_string(settings.step_count)) + ", the optimizer's is " +
                  std::string(to_string(optimizer_.settings.step_count)));
    }
    read_groups(head);
    read_parameters(head.at("parameters", "state").object("state: parameters"));
  }

  std::int64_t steps = 0;
  Settings settings;
  std::vector<GroupRecord> groups;
  std::vector<LoadedParameter> parameters;
  LoadReport report;

 private:
  void check_head(const json::Value& head) const {
    if (const std::string& format = head.at("format", "state").string("state: format"); format != "optimizer") {
      throw Error("state: format is " + in_quotes(format) + ", expected \"optimizer\"");
    }
    const std::uint64_t version = head.at("version", "state").unsigned_integer("state: version");
    if (version != kStateVersion) {
      throw Error("state: version " + std::to_string(version) + " is " + (version > kStateVersion ? "newer" : "older") +
                  " than " + std::to_string(kStateVersion) + ", the version this thalweg reads");
    }
    const RuleInfo& saved_rule = thalweg::rule(head.at("rule", "state").string("state: rule"));
    if (engine_rule(saved_rule).family != optimizer_.rule->family) {
      throw Error("state: is of rule " + std::string(saved_rule.name) + ", the optimizer's is " +
                  std::string(optimizer_.rule->name));
    }
  }

  /// The optimizer's group of this name; nothing if it has none and may leave it out.
  std::optional<std::uint32_t> group_index(const std::string& name, const std::string& what) const {
    std::vector<std::string> known;
    for (std::uint32_t i = 0; i < optimizer_.groups.size(); ++i) {
      if (optimizer_.groups[i].name == name) return i;
      known.push_back(optimizer_.groups[i].name);
    }
    if (options_.unknown == Unknown::ignore) return {};
    throw Error(what + ": the optimizer has no group " + in_quotes(name) + suggest(name, known));
  }

  void read_groups(const json::Value& head) {
    groups = optimizer_.groups;
    std::vector<bool> read(groups.size());
    for (const json::Value& entry : head.at("groups", "state").array("state: groups")) {
      const std::string& name = entry.at("name", "state: group").string("state: group: name");
      const std::string what = "state: group " + in_quotes(name);
      const std::optional<std::uint32_t> index = group_index(name, what);
      if (!index) continue;
      if (read[*index]) throw Error(what + " is there twice");
      read[*index] = true;
      read_group(entry, what, groups[*index]);
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!read[i] && options_.missing == Missing::refuse) {
        throw Error("state: group " + in_quotes(groups[i].name) + " is missing");
      }
    }
  }

  void read_group(const json::Value& entry, const std::string& what, GroupRecord& group) const {
    const Rule& rule = *optimizer_.rule;
    Options options(rule);
    const json::Value& saved = entry.at("options", what);
    for (const auto& [option, value] : saved.object(what)) {
      options.set(option, value.number(what + ": " + printable(option)));
    }
    for (const OptionInfo& option : rule.options) saved.at(option.name, what + ": options");
    group.columns = rule.columns_under(options);
    group.options = std::move(options);
    const json::Value* lr_scale = entry.find("lr_scale", what);
    group.lr_scale = lr_scale != nullptr ? lr_scale->number(what + ": lr_scale") : 1;
    check_lr_scale(group.lr_scale, what);
    if (optimizer_.shares_steps()) group.shared_scalars = scalars_from_json(rule, entry.at("scalars", what), what);
  }

  void read_parameters(const json::Object& saved) {
    for (const auto& [name, entry] : saved) {
      const std::string what = "state: parameter " + in_quotes(name);
      const auto found = optimizer_.by_name.find(name);
      if (found != optimizer_.by_name.end()) {
        parameters.push_back(read_parameter(found->second, name, entry, what));
      } else if (options_.unknown == Unknown::ignore) {
        report.ignored.push_back(name);
      } else {
        std::vector<std::string> known;
        for (const auto& [own, index] : optimizer_.by_name) known.push_back(own);
        std::sort(known.begin(), known.end());
        throw Error(what + " is not one of the optimizer's" + suggest(name, known));
      }
    }
    for (std::size_t i = 0; i < optimizer_.parameters.size(); ++i) {
      const std::string& name = optimizer_.records[i].name;
      if (!optimizer_.parameters[i].alive || saved.contains(name)) continue;
      if (options_.missing == Missing::refuse) throw Error("state: parameter " + in_quotes(name) + " is missing");
      report.kept.push_back(name);
    }
    if (parameters.empty() && !report.kept.empty()) {
      throw Error("state: has none of the optimizer's parameters, of which one is " + in_quotes(report.kept[0]) +
                  (saved.empty() ? "" : "; it has " + in_quotes(saved.begin()->first)));
    }
    check_for_strays(saved, state_);
  }

  LoadedParameter read_parameter(std::uint32_t index, const std::string& name, const json::Value& entry,
                                 const std::string& what) const {
    const Rule& rule = *optimizer_.rule;
    const Parameter& parameter = optimizer_.parameters[index];
    if (const std::string& dtype = entry.at("dtype", what).string(what + ": dtype");
        dtype != name_of(parameter.precision)) {
      throw Error(what + " is " + printable(dtype) + ", the optimizer's is " + name_of(parameter.precision));
    }
    if (const std::uint64_t size = entry.at("size", what).unsigned_integer(what + ": size"); size != parameter.size) {
      throw Error(what + " has " + std::to_string(size) + " elements, the optimizer's " +
                  std::to_string(parameter.size));
    }
    LoadedParameter result;
    result.index = index;
    result.group = group_index(entry.at("group", what).string(what + ": group"), what).value_or(parameter.group);
    result.step = count_from_json(entry.at("step", what), what + ": step");
    result.scalars = optimizer_.shares_steps() ? optimizer_.first_scalars()
                                               : scalars_from_json(rule, entry.at("scalars", what), what);
    const json::Array& columns = entry.at("columns", what).array(what + ": columns");
    for (std::size_t k = 0; k < rule.columns.size(); ++k) {
      const std::string column(rule.columns[k].name);
      // A column that had not been in use yet is not there, and begins at its first value.
      if (!names_column(columns, column)) continue;
      result.storage[k] = to_buffer(state_, tensor_name(name, column), parameter);
      const bool begun = has_begun(entry, column, optimizer_.shares_steps() ? steps : result.step, what);
      result.begun |= begun ? std::uint32_t{1} << k : 0;
    }
    result.averaged = count_from_json(entry.at("averaged", what), what + ": averaged");
    if (result.averaged > 0) result.average = to_buffer(state_, tensor_name(name, kAverage), parameter);
    return result;
  }

  const Impl& optimizer_;
  const State& state_;
  const LoadOptions options_;
};

LoadReport Optimizer::Impl::load(const State& state, const LoadOptions& load_options) {
  check_not_swapped("load");
  StateReader reader(*this, state, load_options);
  reader.read();

  // Nothing can fail any more.
  for (GroupRecord& group : reader.groups) group.version = ++versions;
  groups.swap(reader.groups);
  steps = reader.steps;
  settings.loss_scale = reader.settings.loss_scale;
  settings.clip = reader.settings.clip;
  settings.average = reader.settings.average;
  for (LoadedParameter& from : reader.parameters) {
    Parameter& parameter = parameters[from.index];
    parameter.group = from.group;
    parameter.step = from.step;
    parameter.scalars = from.scalars;
    parameter.columns = {};
    parameter.columns_made_for = 0;
    parameter.begun = from.begun;
    parameter.averaged = from.averaged;
    parameter.average = from.average.get();
    records[from.index].storage = std::move(from.storage);
    records[from.index].average = std::move(from.average);
  }
  options_changed();
  return std::move(reader.report);
}

}  // namespace thalweg
