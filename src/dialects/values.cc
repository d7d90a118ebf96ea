// Values of the dialects: a configuration read and written key by key.
#include "dialects/dialect.h"
#include "text.h"

#include <thalweg/suggest.h>

#include <algorithm>

namespace thalweg::inline v0_1::dialects {
namespace {

const OptionInfo& info_of(const RuleInfo& rule, std::string_view option) {
  return rule.options[static_cast<std::size_t>(rule.find_option(option))];
}

bool is_equal(const json::Value& value, const json::Value& other) {
  try {
    return value == other || value.number("") == other.number("");  // 0.0 is 0
  } catch (const Error&) {
    return false;
  }
}

/// Calls `visit` with every key of which only one value can be done.
template <class Visitor>
void for_each_only(const Dialect& dialect, const Optimizer& optimizer, const Visitor& visit) {
  for (const OnlyValue& only : dialect.only) {
    const bool is_replaced = std::ranges::find(optimizer.only, only.key, &OnlyValue::key) != optimizer.only.end();
    if (!is_replaced) visit(only);
  }
  for (const OnlyValue& only : optimizer.only) visit(only);
}

/// Is this key written like one of those, or rather one of the user's own?
bool is_misspelt(const std::string& key, const std::vector<std::string>& known) {
  const auto is_longer = [&](const std::string& other) { return key.starts_with(other + "_"); };
  return std::ranges::none_of(known, is_longer) && suggest(key, known).starts_with("; did you mean");
}

void check_keys(const Dialect& dialect, const Optimizer& optimizer, bool is_named, const json::Object& config) {
  for_each_only(dialect, optimizer, [&](const OnlyValue& only) {
    const auto member = config.find(only.key);
    if (member == config.end() || is_equal(member->second, only.value)) return;
    constexpr std::size_t kMostBytes = 40;
    std::string value = json::to_string(member->second);
    if (value.size() > kMostBytes) value = member->second.describe();
    throw Error(prefix(dialect, optimizer) + std::string(only.key) + " = " + value + " " + std::string(only.reason) +
                "; allowed is " + json::to_string(only.value));
  });
  const std::vector<std::string> known = known_keys(dialect, optimizer);
  for (const auto& [name, value] : config) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const bool may_be_own = dialect.keeps_other_keys && !is_misspelt(name, known);
    if (may_be_own && is_named) continue;
    throw Error(prefix(dialect, optimizer) + "unknown key " + shown(name) + suggest(name, known) +
                (may_be_own ? "; it is passed over if the class is named" : ""));
  }
}

/// What may stand under the key, as far as an interval tells it.
Range allowed(const Key& key, const Range& range) {
  const auto theirs = [&](double ours) { return (ours - key.shift) / key.factor + 0.0; };  // no −0
  const double low = theirs(range.low), high = theirs(range.high);
  return {.low = std::max(std::min(low, high), key.least), .high = std::max(low, high), .high_open = range.high_open};
}

/// Sets one option to one value of a configuration; `what` names the key in front of errors.
void set(Options& options, const Key& key, std::string_view option, const json::Value& value, const std::string& what) {
  const OptionInfo& info = info_of(options.rule(), option);
  if (info.type == OptionType::boolean) {
    options.set(option, value.boolean(what) ? 1 : 0);
    return;
  }
  const double number = value.number(what), ours = key.factor * number + key.shift;
  const Range range = allowed(key, info.range);
  if (!info.range.contains(ours) || !range.contains(number)) {
    throw Error(what + " = " + to_text(number) + " is outside " + range.text());
  }
  if (key.positive && number == 0) {
    throw Error(what + " = 0 is outside (0, ∞)" + (key.null ? "; null is none" : ""));
  }
  options.set(option, ours);
}

/// The rule, which is another one if the key `amsgrad` says so.
std::string_view rule_of(const Optimizer& optimizer, bool is_told, const json::Object& config,
                         const std::string& prefix) {
  if (std::ranges::find(optimizer.keys, "amsgrad", &Key::name) == optimizer.keys.end()) {
    if (is_told && optimizer.rule != "amsgrad") throw Error(prefix + "this is not the rule amsgrad");
    return optimizer.rule;
  }
  const auto member = config.find("amsgrad");
  const bool amsgrad = member == config.end() ? is_told : member->second.boolean(prefix + "amsgrad");
  if (is_told && !amsgrad) throw Error(prefix + "amsgrad = false contradicts the rule amsgrad; allowed is true");
  return amsgrad ? "amsgrad" : optimizer.rule;
}

/// The option's value as JSON. Whole numbers keep a fraction, by which Python makes them floats.
std::string value_text(const Options& options, std::string_view option) {
  const double value = options.get(option);
  if (info_of(options.rule(), option).type == OptionType::boolean) return value != 0 ? "true" : "false";
  const std::string text = to_text(value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

/// The same as the framework's key has it. Throws Error if it cannot.
std::string value_text(const Dialect& dialect, const Optimizer& optimizer, const Key& key, const Options& options,
                       std::string_view option) {
  const double value = options.get(option), theirs = (value - key.shift) / key.factor + 0.0;  // no −0
  if (theirs < key.least || (key.positive && value == 0 && !key.null)) {
    throw Error(std::string(options.rule().name) + ": " + std::string(option) + " = " + value_text(options, option) +
                " has no counterpart in " + std::string(dialect.name) + "'s " + std::string(optimizer.name) +
                ", where " + std::string(key.name) + " is in " +
                (key.positive ? "(0, ∞)" : allowed(key, info_of(options.rule(), option).range).text()));
  }
  if (key.whole) return to_text(theirs);
  if (key.factor == 1 && key.shift == 0) return value_text(options, option);
  const std::string text = to_text(theirs);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

}  // namespace

std::vector<std::string> known_keys(const Dialect& dialect, const Optimizer& optimizer) {
  std::vector<std::string> known;
  for (const Key& key : optimizer.keys) known.emplace_back(key.name);
  for (const Slot& slot : optimizer.slots) known.emplace_back(slot.key);
  for_each_only(dialect, optimizer, [&](const OnlyValue& only) { known.emplace_back(only.key); });
  for (const auto* keys : {&optimizer.passed_over, &dialect.passed_over}) {
    known.insert(known.end(), keys->begin(), keys->end());
  }
  return known;
}

std::string prefix(const Dialect& dialect, const Optimizer& optimizer) {
  return std::string(dialect.name) + " " + std::string(optimizer.name) + ": ";
}

bool matters(const Options& options, std::string_view option) {
  // The first does nothing where all of the others are 0, or are no options of the rule.
  static const std::vector<std::pair<std::string_view, std::vector<std::string_view>>> kIdle{
      {"decoupled_weight_decay", {"weight_decay"}},
      {"dampening", {"momentum"}},
      {"dampen_first_step", {"momentum"}},
      {"dampen_first_step", {"dampening"}},
      {"nesterov", {"momentum", "beta1"}},
      {"nesterov_same_step", {"nesterov"}},
      {"nesterov_same_step", {"correct_mean"}},
      {"lr_in_momentum", {"momentum"}},
      {"eps_inside", {"eps", "eps1"}},
      {"eps_beside", {"eps"}},
      {"eps_before_correction", {"eps", "eps_root"}},
      {"maximum_of_corrected", {"amsgrad"}},
      {"momentum_decay", {"momentum_schedule"}},
      {"correct_bias", {"beta1", "beta2"}},
      {"grad_averaging", {"beta1"}},
      {"trust_clip", {"always_adapt", "weight_decay"}},
      {"norm_of_sum", {"weight_decay"}},
      {"warmup_init", {"relative_step"}},
      {"eps2", {"scale_parameter"}},
      {"decay_first", {"weight_decay"}},
      {"decay_without_lr", {"weight_decay"}},
      {"decay_with_scale", {"weight_decay"}},
      {"decay_with_scale", {"relative_step", "scale_parameter"}},
      {"min_dim_size_to_factor", {"factored"}},
  };
  // The first does nothing where the other is not 0.
  static const std::vector<std::pair<std::string_view, std::string_view>> kIdleBeside{
      {"always_adapt", "weight_decay"},
      {"decay_without_lr", "decay_first"},
      {"decay_with_scale", "decay_first"},
      {"decay_with_scale", "decay_without_lr"},
  };
  const auto is_zero = [&](std::string_view other) { return !options.has(other) || options.get(other) == 0; };
  return std::ranges::none_of(
             kIdle,
             [&](const auto& entry) { return entry.first == option && std::ranges::all_of(entry.second, is_zero); }) &&
         std::ranges::none_of(kIdleBeside,
                              [&](const auto& entry) { return entry.first == option && !is_zero(entry.second); });
}

Translation read(const Dialect& dialect, const Optimizer& optimizer, std::string_view told,
                 const json::Object& config) {
  const std::string prefix = dialects::prefix(dialect, optimizer);
  check_keys(dialect, optimizer, !told.empty(), config);
  Options options = Options::of(rule_of(optimizer, plain(told) == "amsgrad", config, prefix));
  for (const Fixed& fixed : optimizer.fixed) options.set(fixed.option, fixed.value);
  for (const Key& key : optimizer.keys) {
    const std::string what = prefix + std::string(key.name);
    const std::string_view option = key.thalweg_name();
    const auto member = config.find(key.name);
    if (member == config.end()) {
      if (key.required) throw Error(what + " is missing, and has no default");
      // The defaults of AdamW hold with amsgrad too; amsgrad itself may have been told instead.
      const double own = info_of(thalweg::rule(optimizer.rule), option).default_value;
      if (key.second.empty() && option != "amsgrad") options.set(option, key.fallback.value_or(own));
    } else if (key.null && key.second.empty() && member->second.is_null()) {
      options.set(option, *key.null);
    } else if (key.second.empty()) {
      set(options, key, option, member->second, what);
    } else {
      const json::Array& pair = member->second.array(what);
      if (pair.size() != 2) throw Error(what + " has " + std::to_string(pair.size()) + " elements; allowed are 2");
      set(options, key, option, key.null && pair[0].is_null() ? json::Value(*key.null) : pair[0], what + "[0]");
      set(options, key, key.second, pair[1], what + "[1]");
    }
  }
  Settings settings{.step_count = step_count_of(dialect, optimizer)};
  for (const Slot& slot : optimizer.slots) {
    const auto member = config.find(slot.key);
    if (member == config.end()) continue;
    const double value = member->second.number(prefix + std::string(slot.key));
    if (value != 0) settings.first_values.emplace(slot.column, slot.sign * value);
  }
  return {std::move(options), std::move(settings)};
}

Texts write(const Dialect& dialect, const Optimizer& optimizer, const Options& options) {
  Options expressed = Options::of(options.rule().name);
  for (const Fixed& fixed : optimizer.fixed) expressed.set(fixed.option, fixed.value);
  Texts texts;
  for (const Key& key : optimizer.keys) {
    const std::string_view option = key.thalweg_name();
    std::string text = value_text(dialect, optimizer, key, options, option);
    expressed.set(option, options.get(option));
    if (!key.second.empty()) {
      text = "[" + text + ", " + value_text(options, key.second) + "]";
      expressed.set(key.second, options.get(key.second));
    } else if (key.null && options.get(option) == *key.null) {
      text = "null";
    }
    texts.emplace_back(key.name, std::move(text));
  }
  for (const OptionInfo& info : options.rule().options) {
    if (options.get(info.name) == expressed.get(info.name) || !matters(options, info.name)) continue;
    throw Error(std::string(options.rule().name) + ": " + std::string(info.name) + " = " +
                value_text(options, info.name) + " has no counterpart in " + std::string(dialect.name) + "'s " +
                std::string(optimizer.name) + ", which has " + value_text(expressed, info.name));
  }
  return texts;
}

}  // namespace thalweg::inline v0_1::dialects
