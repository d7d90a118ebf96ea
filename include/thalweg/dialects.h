// Dialects: what the configurations of PyTorch, Keras, Optax, TensorFlow 1 and timm mean in thalweg's words, and back.
#pragma once

#include <thalweg/api.h>
#include <thalweg/description.h>
#include <thalweg/optimizer.h>
#include <thalweg/options.h>
#include <thalweg/schedule.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::inline v0_1 {

/// What a framework's own configuration means in thalweg's words: `Optimizer optimizer{here};`.
struct Translation : Description {
  using Description::Description;

  std::string group_name;  ///< of PyTorch's group, where its key `name` is a text
  double lr_scale = 1;     ///< the key `lr_scale` of PyTorch's group; `lr` is the rate in force, and has it already
};

/// @name Configurations
///
/// `json` is one object with the framework's own keys. Keys that are missing have the framework's defaults, keys
/// without a meaning for the numbers (`foreach`, `fused`, `name`, …) are passed over.
///
/// The name that goes with it is the framework's class, function or operation, or a rule of thalweg; upper and lower
/// case and underscores do not matter. Where it may be left out, it follows from the keys.
///
/// All throw Error, which names key, value and what is allowed: for a key that is not known, with the nearest ones; for
/// a value of the wrong type, not finite or outside its range; for what thalweg does not do; if the keys do not tell
/// the rule. An Adam with amsgrad is always the rule amsgrad.
/// @{

/// A PyTorch optimizer's `param_groups`: one, with or without `params`, a list of them, or a whole `state_dict()`. Of
/// several the first is the description's own, the others its groups. These take parameters by name: `params` or
/// `param_names` are names, which become patterns (`*.bias` where all of that name are in the group), or `name` is a
/// pattern. Adafactor's first ε of None is that of float32; for parameters of float64 PyTorch means
/// `finfo(float64).eps`, 2.2e-16.
THALWEG_API Translation from_torch(std::string_view json, std::string_view rule = {});

/// A Keras optimizer's `get_config()`, or what `keras.optimizers.serialize` gives: {"class_name": …, "config": …}.
/// Without `rule` the class follows from `class_name`, else from `name`, else from the keys.
THALWEG_API Translation from_keras(std::string_view json, std::string_view rule = {});

/// The same of Keras 2 up to 2.10, and of what later versions call legacy. `from_keras` finds them by `decay`, by
/// `is_legacy_optimizer` and by `module`, so this is for configurations without any of these. With `decay` the result
/// has a schedule.
THALWEG_API Translation from_keras2(std::string_view json, std::string_view rule = {});

/// A function of Optax (`adamw`) and its keyword arguments, as of Optax 0.2.8.
THALWEG_API Translation from_optax(std::string_view name, std::string_view json);

/// A raw operation of TensorFlow (`ResourceApplyRMSProp`), its hyper-parameters, and the first values of its slots
/// under the slot's name and a 0 (`ms0`). Missing values are those of TensorFlow 1's optimizers, where they have any.
THALWEG_API Translation from_tf1(std::string_view json, std::string_view op = {});

/// An optimizer of timm (pytorch-image-models) 1.0.31: its `param_groups`, as `from_torch` takes PyTorch's, or the
/// arguments of its class. LAMB's `max_grad_norm` is `settings.clip`, over all groups.
THALWEG_API Translation from_timm(std::string_view json, std::string_view rule = {});

/// A rule, its options and settings in thalweg's own words: {"lr": 0.1, "clip": {"by": "norm", "limit": 1, "eps": 0},
/// "average": {"kind": "ema", "decay": 0.99, …}, "loss_scale": 1, "step_count": "shared"}. Everything has a default.
THALWEG_API Translation from_thalweg(std::string_view json, std::string_view rule);

/// One of the above, by the peer's name: torch, keras, keras2, optax, tf1, timm or thalweg.
THALWEG_API Translation translate(std::string_view peer, std::string_view name, std::string_view json);

/// The options of a PyTorch param group, as JSON: also the keyword arguments of the class, but that AdamW takes no
/// `decoupled_weight_decay` (Adam does). With groups a list of them, of which all but the first have their pattern as
/// `name`. Throws Error that names the option that has no counterpart; options that change nothing beside the others
/// (`lr_in_momentum` without momentum) need none. How steps are counted is the framework's own affair, and is not
/// looked at.
THALWEG_API std::string to_torch(const Description& description);

/// A Keras optimizer's `get_config()`, as JSON: what `from_config` takes; `name` is the class's. Throws as `to_torch`.
THALWEG_API std::string to_keras(const Description& description);

/// @}

/// @name State
///
/// A PyTorch optimizer's state, as docs/dialects.md saves it from Python and loads it there: tensors `NAME/KEY`, where
/// NAME is the parameter's name and KEY PyTorch's own (`exp_avg`, `momentum_buffer`, …), and the metadata `class`, the
/// name of the class, and `param_groups`, as JSON with names as `params`.
/// @{

/// The state as PyTorch has it. `step` is a float32, `mu_product` of the parameter's type; the other tensors have the
/// parameter's shape, as far as the optimizer knows it, and Adafactor's `row_var` and `col_var` a 1 in place of its
/// last size or the one before. With a schedule `lr` is the rate in force and `initial_lr` that at factor 1, as
/// PyTorch's schedulers have it. Throws Error for what has no counterpart in PyTorch: a rule, several rules in one
/// optimizer, an option, steps that are counted for all parameters.
THALWEG_API State to_torch_state(const Optimizer& optimizer);

/// What PyTorch saved as a state that this optimizer, which is not changed, can load: options of every group, step
/// numbers, scalars and columns. Parameters are matched by name, groups by their order, and a tensor may have any shape
/// of as many elements as the parameter has; Adafactor's matrices must be matrices here too. A first ε of None is that
/// of the parameters' type. A parameter without any tensors begins anew, as in PyTorch. An optimizer with a
/// schedule keeps it where it stands, and takes `initial_lr` for its rate if that is there.
///
/// Throws Error, which names tensor or key, if the state is of another rule, or has other groups, parameters or tensors
/// than this optimizer; if a tensor has another type or length than its parameter, or a number is out of its range; and
/// for options as `from_torch`.
THALWEG_API State from_torch_state(const State& file, const Optimizer& optimizer);

/// @}

/// @name Schedules
///
/// PyTorch's and Keras' schedules give rates; here a schedule's factors are of a rate, the optimizer's `lr`. All throw
/// Error, which names class, key and value, for what has no counterpart.
/// @{

/// A schedule, the rate that its factors are of, and where it stands.
struct RateSchedule {
  double lr;
  Schedule schedule;
  SchedulePosition position = {};
};

/// A PyTorch scheduler: `state` is its `state_dict()` as JSON, `group` the group of this number (or all of the
/// optimizer's `param_groups`), where some schedulers leave their rates. `name` is the scheduler's class; the keys tell
/// it too. JSON has no infinities: for the `best` of a ReduceLROnPlateau that has seen nothing yet, null or "Infinity"
/// stands in `state`. docs/dialects.md has the Python side, and the classes.
///
/// Ticks are calls of the scheduler's `step()`: `position.steps` is its `last_epoch`. Whoever calls it once an epoch
/// wants the same schedule with Interval::epoch, and the position times the steps of an epoch.
///
/// A ReduceLROnPlateau keeps no rate to be a factor of. Its `lr` is the group's `initial_lr`, where another scheduler
/// has left one; else the group's present rate, which counts as not reduced.
THALWEG_API RateSchedule schedule_from_torch(std::string_view state, std::string_view group, std::string_view name = {},
                                             std::size_t index = 0);

/// What `keras.optimizers.schedules.serialize` gives: {"class_name": …, "config": …}. Its ticks are steps, and it
/// stands at its beginning.
THALWEG_API RateSchedule schedule_from_keras(std::string_view json);

/// The same of Keras 3. Where the schedule stands is not part of it.
THALWEG_API std::string schedule_to_keras(const RateSchedule& schedule);

/// @}

/// How one of a framework's optimizers says one option of a rule.
struct PeerOption {
  std::string_view option;      ///< thalweg's
  std::string key;              ///< the framework's; empty if the value is always the same
  std::optional<double> value;  ///< the default, or what it always is; nothing if the key has no default
  bool matters = true;          ///< does it do anything beside the others, whatever they are?
  std::string_view note = {};   ///< in place of a value that depends on the others
};

/// One class, function or operation of a framework that computes a rule.
struct PeerOptimizer {
  std::string_view peer;  ///< `torch`, `keras`, `keras2`, `optax`, `tf1` or `timm`
  std::string_view name;  ///< its own
  StepCount step_count;
  std::vector<PeerOption> options;                                       ///< in the order of the rule's
  std::vector<std::pair<std::string_view, std::string_view>> columns{};  ///< state: thalweg's column, its own name
};

/// All that compute this rule.
THALWEG_API std::vector<PeerOptimizer> peer_optimizers(const RuleInfo& rule);

/// One way in which a framework writes a formula.
struct Expression {
  std::string peer;  ///< `torch`, `keras`, `keras2`, `optax`, `tf1` or `timm`
  std::string name;  ///< its class, function or operation
  /// The arguments, as JSON: what the reader of the peer's configurations (`from_torch`, …) takes under this name.
  std::string json;
  StepCount step_count;  ///< as the framework counts its steps
};

/// Every class, function and operation that computes what these options say: with the same numbers up to rounding,
/// while every parameter has a gradient in every step; else only those with the same `step_count`. Empty if no
/// framework has this formula. Names of one formula (adam, adamw, amsgrad) are the same here.
THALWEG_API std::vector<Expression> express(const Options& options);

}  // namespace thalweg::inline v0_1
