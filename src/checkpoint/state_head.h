// Names and texts of the optimizer's state, for what writes it and for what translates it.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/options.h>

#include <string>
#include <string_view>

namespace thalweg {

/// Metadata key of the state's JSON.
inline constexpr const char* kStateKey = "thalweg";

/// Name of the tensor that is this column of the parameter, or any other part of its state.
inline std::string tensor_name(std::string_view parameter, std::string_view column) {
  return std::string(parameter) + "/" + std::string(column);
}

/// All options by name.
inline json::Value to_json(const Options& options) {
  json::Value result = json::Object();
  for (const OptionInfo& option : options.rule().options) result[option.name] = options.get(option.name);
  return result;
}

}  // namespace thalweg
