// Description: what an optimizer computes, in one value, one text and one JSON form.
#pragma once

#include <thalweg/api.h>
#include <thalweg/options.h>
#include <thalweg/schedule.h>
#include <thalweg/settings.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::inline v0_1 {

/// The parameters whose names fit a pattern, and what is their own.
struct GroupDescription {
  /// Of the whole name: `*` is any text, `?` any character (`*.bias`), and behind a backslash each is itself, as `\]`
  /// is.
  std::string pattern;
  std::string rule;  ///< another rule, with its own defaults; empty: the first group's, with its options
  std::map<std::string, double, std::less<>> options = {};  ///< that differ from those
  double lr_scale = 1;  ///< the rate is the one that it would be times this, unless the options say `lr`

  bool operator==(const GroupDescription&) const = default;
};

/// What an optimizer computes: rule and options, for all parameters and for groups of them; clip, averages, check,
/// accumulation, loss scale and schedule. How its steps run (`Execution`: threads, back-end, report) is not part of it.
struct THALWEG_API Description {
  // Implicit, so that options alone can be written too.
  Description(Options rule_and_options, Settings around = {}, std::optional<Schedule> of_lr = {},
              std::vector<GroupDescription> of_parameters = {})
      : options(std::move(rule_and_options)),
        settings(std::move(around)),
        schedule(std::move(of_lr)),
        groups(std::move(of_parameters)) {}

  Options options;                   ///< with a schedule, `lr` is the rate that its factors are of
  Settings settings;                 ///< how steps are counted, loss scale, clip, averages, first values of state, …
  std::optional<Schedule> schedule;  ///< of all groups alike
  std::vector<GroupDescription> groups;  ///< a parameter is in the first one whose pattern its name fits

  /// The options of a group, with its rate. Throws Error that names its pattern if they are none of its rule or outside
  /// their range.
  Options options_of(const GroupDescription& group) const;

  /// What `parse_description` reads: what differs from the defaults, in one order.
  std::string text() const;
};

/// Throws Error if something does not go together, is outside its range, or if a pattern is there twice.
THALWEG_API void check(const Description& description);

/// Reads a rule and its options, and behind them, apart by spaces and in any order, what is around the rule:
///
///     rmsprop:lr=1e-3,alpha=0.9
///     adamw:lr=1e-3 clip=global_norm:1 schedule=cosine:warmup=500 average=ema:0.999
///     adamw:lr=1e-3,weight_decay=0.1 group[*.bias]=weight_decay=0,lr_scale=2 group[embedding.*]=adagrad:lr=0.01
///
/// | key | value |
/// |---|---|
/// | clip | `value`, `norm` or `global_norm`, `:` and the limit; `,eps=1e-6` |
/// | average | `ema`, `:` and the decay, or `mean`; `bias_correction`, `start`, `every`, `overwrite_every` |
/// | check | `off`, `detect`, `guard` |
/// | accumulation | calls of one step; `,mean=false` |
/// | loss_scale | a number, or `dynamic`; `:initial=65536` (1 if it is not said), `growth`, `backoff`, `interval` |
/// | schedule | what `parse_schedule` reads |
/// | step_count | `per_parameter`, `shared`, `per_row` |
/// | first_values | column=value, … |
/// | group[PATTERN] | option=value, … or a rule and options, as in front; `lr_scale` |
///
/// Throws Error that says what is wrong, at which character, and suggests names.
THALWEG_API Description parse_description(std::string_view text);

/// The same as one JSON object: {"version": 1, "rule": "adamw", "options": {"lr": 0.001}, "clip": {…}, …}. Throws Error
/// that names key, value and what is allowed, and for a description of a later version.
THALWEG_API Description description_from_json(std::string_view json);
THALWEG_API std::string to_json(const Description& description);

/// Does the whole text fit the pattern, in which `*` is any text, `?` any character of UTF-8, and a backslash takes the
/// character behind it as it is?
THALWEG_API bool fits_pattern(std::string_view pattern, std::string_view text);
/// The pattern that fits this text alone.
THALWEG_API std::string exact_pattern(std::string_view text);

}  // namespace thalweg::inline v0_1
