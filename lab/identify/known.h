// Known: what is told about a run's optimizer beforehand.
#pragma once

#include <thalweg/options.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab::identify {

/// Rules and values of options that are told beforehand.
class Known {
 public:
  /// Allows this rule; without any call all are allowed. Throws Error that suggests names.
  void allow_rule(std::string_view name);
  /// Tells an option's value, 0 or 1 for a boolean. Throws Error for an option that no rule has, with the nearest ones;
  /// for a value that no rule allows; for another value than was told before.
  void tell(std::string_view option, double value);
  /// From `lr=0.01`, as a flag has it; `rule=…` allows a rule.
  void tell(std::string_view text);

  bool has(std::string_view option) const { return values_.contains(std::string(option)); }

  /// The rules that can have all of this, each formula under one name, with the values that are then told: option's
  /// index to value. A rule without the option is possible if the option is off.
  struct Possible {
    const RuleInfo* rule;
    std::map<std::size_t, double> values;
  };
  std::vector<Possible> possible() const;

 private:
  std::map<std::string, double> values_;
  std::vector<std::string> rules_;
};

/// Rules that are one formula with other defaults (adam, adamw, amsgrad) have one first name.
const RuleInfo& first_name(const RuleInfo& rule);

/// Of the names of the formula, the one under which the options' text is shortest.
Options under_shortest_name(const Options& options);

}  // namespace thalweg::lab::identify
