// What the dialects share: a framework's optimizers as tables, and how configurations are read and written by them.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/dialects.h>

#include <array>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::inline v0_1::dialects {

/// A key of a configuration whose value is a hyper-parameter.
struct Key {
  std::string_view name;         ///< the framework's
  std::string_view option = {};  ///< thalweg's, if it is another
  std::optional<double> fallback =
      {};                           ///< its value where the key is missing, if it is not thalweg's default of the rule
  std::string_view second = {};     ///< the value is a list of two numbers, and this the second one's option
  bool required = false;            ///< the framework has no default
  std::optional<double> null = {};  ///< what null means, for a pair as its first number; it is an error otherwise
  double least = -std::numeric_limits<double>::infinity();  ///< that the framework allows, if thalweg allows less
  bool positive = false;                                    ///< 0, which is none in thalweg, is something else
  // thalweg's value is factor · theirs + shift.
  double factor = 1, shift = 0;
  bool whole = false;          ///< an integer in Python
  std::string_view note = {};  ///< of its default, where a number does not tell it

  std::string_view thalweg_name() const { return option.empty() ? name : option; }
};

/// An option of thalweg that the framework has no key for, where its value is not thalweg's default of the rule.
struct Fixed {
  std::string_view option;
  double value;
};

/// A key of which thalweg can do only this one value.
struct OnlyValue {
  std::string_view key;
  json::Value value;
  std::string_view reason = "has no counterpart yet";
};

/// A key that gives the first value of a state column.
struct Slot {
  std::string_view key;
  std::string_view column;
  double sign = 1;  ///< of thalweg's column, where the framework's has the other
};

/// One class, function or operation of a framework.
struct Optimizer {
  std::string_view name;  ///< the framework's
  std::string_view rule;  ///< thalweg's; the rule amsgrad instead where a key `amsgrad` is true
  std::vector<Key> keys;
  std::vector<Fixed> fixed = {};
  std::vector<OnlyValue> only = {};  ///< in place of the framework's for the same key
  std::vector<Slot> slots = {};
  std::vector<std::string_view> passed_over = {};  ///< as the framework's
  std::optional<StepCount> step_count = {};        ///< if it is not the framework's
};

/// Keys by which an optimizer can be told from the others.
struct Mark {
  std::string_view optimizer;
  std::vector<std::string_view> with;
  std::vector<std::string_view> without = {};
  std::string_view is_true = {};  ///< a key that must be there with this value
};

/// What thalweg refuses by name.
struct Refusal {
  std::string_view name, reason;
};

/// A framework.
struct Dialect {
  std::string_view name;
  StepCount step_count;
  std::vector<Optimizer> optimizers;
  std::vector<Mark> marks;                    ///< the first that fits decides
  std::vector<OnlyValue> only = {};           ///< of every optimizer
  std::vector<std::string_view> passed_over;  ///< keys without a meaning for the numbers, or read by the caller
  std::vector<Refusal> refused = {};
  std::vector<std::string_view> packages;  ///< Python's, whose classes and functions these are
  bool keeps_other_keys = false;           ///< users put keys of their own into its configurations
};

// The frameworks.
const Dialect& torch();
const Dialect& keras();
const Dialect& keras2();
const Dialect& optax();
const Dialect& tf1();
const Dialect& timm();
/// All of them, in this order.
std::array<const Dialect*, 6> all();

/// How the framework's optimizer counts its steps.
StepCount step_count_of(const Dialect& dialect, const Optimizer& optimizer);

/// `keras RMSprop: `, in front of every message.
std::string prefix(const Dialect& dialect, const Optimizer& optimizer);

/// Lower case, without underscores: names are the same if these are.
std::string plain(std::string_view name);

/// A foreign name for error messages: escaped, in single quotes, cut where it is long.
std::string shown(std::string_view name);

/// The name without the modules in front of it (`torch.optim.AdamW`). Throws Error if they are of another framework.
std::string_view bare_name(const Dialect& dialect, std::string_view name);

/// Reads one JSON text, with the dialect's name and `subject` in front of messages. Also names the key where NaN or
/// Infinity stands, which JSON does not have and Python writes, and what is `allowed` there.
json::Value parse_value(const Dialect& dialect, std::string_view text, std::string_view subject = "options",
                        std::string_view allowed = "finite numbers");
/// The same of an object.
json::Object parse(const Dialect& dialect, std::string_view text);

/// Every key that the optimizer's configurations may have.
std::vector<std::string> known_keys(const Dialect& dialect, const Optimizer& optimizer);

/// The optimizer of this name, or nullptr.
const Optimizer* find(const Dialect& dialect, std::string_view name);

/// The optimizer that is called `told` in the framework or in thalweg; if nothing is told, or several optimizers are
/// the same rule, the one whose marks the configuration has.
const Optimizer& choose(const Dialect& dialect, std::string_view told, const json::Object& config);

/// Translates a configuration. `told` matters as the rule amsgrad, which must agree with the key `amsgrad`, and where
/// the framework keeps other keys: they are passed over only if something is told, or the keys might be another
/// class's.
Translation read(const Dialect& dialect, const Optimizer& optimizer, std::string_view told, const json::Object& config);

/// Does this option change anything beside the others?
bool matters(const Options& options, std::string_view option);

/// Keys and the JSON texts of their values.
using Texts = std::vector<std::pair<std::string_view, std::string>>;

/// The optimizer that computes this rule. Throws Error if the framework has none.
const Optimizer& optimizer_for(const Dialect& dialect, const Options& options);

/// Throws Error for those of these settings that the framework's configurations cannot express: first values,
/// accumulation, a dynamic loss scale, and the others unless the caller has `expressed` them.
void check_settings(const Dialect& dialect, const Settings& settings, bool expressed);

/// The keys of an optimizer with the values of these options. Throws Error for an option that it cannot express.
Texts write(const Dialect& dialect, const Optimizer& optimizer, const Options& options);

std::string to_json(const Texts& texts);

// Param groups, which PyTorch's own optimizers and those of other packages have (param_groups.cc).

/// Keys of param groups that PyTorch itself and its schedulers put there; they act through others, or on no number.
std::vector<std::string_view> keys_of_groups();

/// The groups, at least one, of what may be a group, a list of them or a whole `state_dict()`.
std::vector<json::Object> param_groups(const Dialect& dialect, const json::Value& value);

/// Translates a param group, with its own name and `lr_scale`.
Translation read_group(const Dialect& dialect, const Optimizer& optimizer, std::string_view told,
                       const json::Object& group);

/// Translates groups, each by `read`, into one description: the first group's, and the others' beside it. Throws Error
/// if a group does not say by name which parameters it has, if one is in two groups, or if settings differ.
Translation read_groups(const Dialect& dialect, const std::vector<json::Object>& groups,
                        const std::function<Translation(const json::Object&)>& read);

/// Refuses a look-ahead with dampening, as the constructors of PyTorch and timm do, and takes out one that does
/// nothing.
void check_nesterov(const Dialect& dialect, const Optimizer& optimizer, const Options& options, Texts& texts);

/// As `write`, and refuses what PyTorch's constructors refuse.
Texts write_torch(const Optimizer& optimizer, const Options& options);

/// The arguments of timm's constructors.
Texts write_timm(const Optimizer& optimizer, const Options& options);

}  // namespace thalweg::inline v0_1::dialects
