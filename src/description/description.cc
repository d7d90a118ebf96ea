// Description: what goes together, and the options of its groups.
#include <thalweg/description.h>

#include "checkpoint/utf8.h"
#include "naming.h"
#include "parameters.h"
#include "text.h"

#include <thalweg/error.h>
#include <thalweg/kernels/engine_rule.h>

#include <cmath>
#include <set>

namespace thalweg {
namespace {

std::string called(const GroupDescription& group) { return "group[" + printable(group.pattern) + "]"; }

}  // namespace

Options Description::options_of(const GroupDescription& group) const {
  const std::string prefix = called(group) + ": ";
  Options result = naming(prefix, [&] { return group.rule.empty() ? options : Options::of(group.rule); });
  check_lr_scale(group.lr_scale, called(group));
  naming(prefix, [&] {
    for (const auto& [option, value] : group.options) result.set(option, value);
    result.set("lr", result.get("lr") * group.lr_scale);
  });
  return result;
}

void check(const Description& description) {
  check(description.settings);
  check_first_values(description.settings, engine_rule(description.options.rule()));
  std::set<std::string_view> patterns;
  for (const GroupDescription& group : description.groups) {
    if (group.pattern.empty()) throw Error("group[]: the pattern is empty; `*` fits every name");
    if (find_invalid_utf8(group.pattern) != std::string_view::npos) {
      throw Error(called(group) + ": the pattern is not UTF-8");
    }
    if (group.pattern.find(']') != std::string::npos) {
      throw Error(called(group) + ": a pattern may not hold ], which ends it in the text; `?` fits that too");
    }
    static_cast<void>(description.options_of(group));
    if (!patterns.insert(group.pattern).second) throw Error(called(group) + " is there twice");
  }
}

bool fits_pattern(std::string_view pattern, std::string_view text) {
  // Where the last `*` stood, and how much of the text it has taken: to come back to when a later character fails.
  std::size_t star = std::string_view::npos, taken = 0;
  std::size_t at = 0, position = 0;
  while (position < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      taken = position;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[position])) {
      ++at;
      ++position;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      position = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace thalweg
