// Which rules there are: recordings, samples and closed forms of others wait for them.
#pragma once

#include <thalweg/rule.h>

#include <algorithm>
#include <string_view>

namespace thalweg::tests {

/// Does the engine have this rule?
inline bool has_rule(std::string_view name) {
  return std::ranges::any_of(rules(), [&](const RuleInfo* rule) { return rule->name == name; });
}

}  // namespace thalweg::tests
