// Dialects: what the configurations of PyTorch, Keras, Optax and TensorFlow 1 mean in thalweg's words, and back.
#pragma once

#include <thalweg/optimizer.h>
#include <thalweg/options.h>

#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// What a framework's own configuration means in thalweg's words.
struct Translation {
  Options options;
  StepCount step_count;  ///< as the framework counts its steps: for `Settings::step_count`
};

// `json` is one object with the framework's own keys. Keys that are missing have the framework's defaults, keys without
// a meaning for the numbers (`foreach`, `fused`, `name`, …) are passed over.
//
// The name that goes with it is the framework's class, function or operation, or a rule of thalweg; upper and lower
// case and underscores do not matter. Where it may be left out, it follows from the keys.
//
// All throw Error, which names key, value and what is allowed: for a key that is not known, with the nearest ones; for
// a value of the wrong type, not finite or outside its range; for what thalweg does not do; if the keys do not tell the
// rule. An Adam with amsgrad is always the rule amsgrad.

/// A PyTorch optimizer's `param_groups[0]`, with or without `params`.
Translation from_torch(std::string_view json, std::string_view rule = {});

/// A Keras optimizer's `get_config()`, or what `keras.optimizers.serialize` gives: {"class_name": …, "config": …}.
/// Without `rule` the class follows from `class_name`, else from `name`, else from the keys.
Translation from_keras(std::string_view json, std::string_view rule = {});

/// A function of Optax (`adamw`) and its keyword arguments, as of Optax 0.2.8.
Translation from_optax(std::string_view name, std::string_view json);

/// A raw operation of TensorFlow (`ResourceApplyRMSProp`), its hyper-parameters, and the first values of its slots
/// under the slot's name and a 0 (`ms0`). Missing values are those of TensorFlow 1's optimizers, where they have any.
Translation from_tf1(std::string_view json, std::string_view op = {});

/// The options of a PyTorch param group, as JSON: also the keyword arguments of the class, but that AdamW takes no
/// `decoupled_weight_decay` (Adam does). Throws Error that names the option that has no counterpart; options that
/// change nothing beside the others (`lr_in_momentum` without momentum) need none.
std::string to_torch(const Options& options);

/// A Keras optimizer's `get_config()`, as JSON: what `from_config` takes; `name` is the class's. Throws as `to_torch`.
std::string to_keras(const Options& options);

/// One way in which a framework writes a formula.
struct Expression {
  std::string peer;  ///< `torch`, `keras`, `optax` or `tf1`
  std::string name;  ///< its class, function or operation
  /// The arguments, as JSON: what the reader of the peer's configurations (`from_torch`, …) takes under this name.
  std::string json;
  StepCount step_count;  ///< as the framework counts its steps
};

/// Every class, function and operation that computes what these options say: with the same numbers up to rounding,
/// while every parameter has a gradient in every step; else only those with the same `step_count`. Empty if no
/// framework has this formula. Names of one formula (adam, adamw, amsgrad) are the same here.
std::vector<Expression> express(const Options& options);

}  // namespace thalweg
