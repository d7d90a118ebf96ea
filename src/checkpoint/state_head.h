// Names and texts of the optimizer's state, for what writes it and for what translates it.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/options.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg::inline v0_1 {

/// Metadata key of the state's JSON.
inline constexpr const char* kStateKey = "thalweg";
inline constexpr std::uint64_t kStateVersion = 3;
/// Of a state without a schedule, which earlier versions can read.
inline constexpr std::uint64_t kStateVersionWithoutSchedule = 2;
/// Names among a parameter's tensors that no rule's column has: its average, and the sum of its gradients that waits
/// for the next step.
inline constexpr std::string_view kAverage = "average", kAccumulated = "accumulated";

/// Name of the tensor that is this column of the parameter, or any other part of its state.
inline std::string tensor_name(std::string_view parameter, std::string_view column) {
  return std::string(parameter) + "/" + std::string(column);
}

/// Does the list (the member `columns` or `begins` of a parameter in the head) name the column?
inline bool names_column(const json::Array& list, std::string_view column) {
  return std::find(list.begin(), list.end(), json::Value(column)) != list.end();
}

/// Has a step used the column, which the parameter's entry names among its columns?
inline bool has_begun(const json::Value& entry, std::string_view column, std::int64_t step_number,
                      const std::string& what) {
  const json::Value* begins = entry.find("begins", what);
  return step_number > 0 && (begins == nullptr || !names_column(begins->array(what + ": begins"), column));
}

/// All options by name.
inline json::Value to_json(const Options& options) {
  json::Value result = json::Object();
  for (const OptionInfo& option : options.rule().options) result[option.name] = options.get(option.name);
  return result;
}

}  // namespace thalweg::inline v0_1
