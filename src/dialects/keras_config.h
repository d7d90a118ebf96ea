// What the configurations of Keras 3 and Keras 2 have in common: what may be around them, clipping, schedules.
#pragma once

#include "checkpoint/json.h"
#include "dialects/dialect.h"

#include <string>
#include <string_view>

namespace thalweg::inline v0_1::dialects {

/// An optimizer's own configuration, taken out of what was around it.
struct KerasConfig {
  std::string class_name, module;  ///< empty where nothing says them
  json::Object config;             ///< `get_config()`
};

/// From `get_config()`, `keras.optimizers.serialize(…)`, a model's compile configuration or what an HDF5 file has as
/// `training_config`. Throws Error that says which part to give, for what wraps an optimizer.
KerasConfig keras_config(json::Object whole);

/// Is it of Keras 2's optimizers up to 2.10, or of what later versions keep of them as `legacy`? Their keys, module or
/// name say so.
bool is_keras2(const KerasConfig& given, std::string_view name);

/// The optimizer that class or name says, else the one of these keys. Throws Error if they contradict each other.
const Optimizer& choose_keras(const Dialect& dialect, const KerasConfig& given, std::string_view told);

/// Translates with a schedule in place of a learning rate, clipping and whatever else surrounds the rule.
Translation read_keras(const Dialect& dialect, const Optimizer& optimizer, std::string_view told, json::Object config);

/// Translates what is known to be Keras 2's.
Translation read_keras2(const KerasConfig& given, std::string_view rule);

/// Keras 2's RMSprop has ε inside the root if it has momentum, and outside if it has none.
void set_place_of_epsilon(Options& options);

}  // namespace thalweg::inline v0_1::dialects
