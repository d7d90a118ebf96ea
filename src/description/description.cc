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

namespace thalweg::inline v0_1 {
namespace {

std::string called(const GroupDescription& group) { return "group[" + printable(group.pattern) + "]"; }

/// A bracket ends the pattern in the text, unless a backslash is in front of it.
void check_pattern(const GroupDescription& group) {
  const std::string& pattern = group.pattern;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == ']') throw Error(called(group) + ": a ] in a pattern is written \\]");
    if (pattern[i] == '\\' && ++i == pattern.size()) {
      throw Error(called(group) + ": a backslash at the end of a pattern is written \\\\");
    }
  }
}

}  // namespace

Options Description::options_of(const GroupDescription& group) const {
  const std::string prefix = called(group) + ": ";
  Options result = naming(prefix, [&] { return group.rule.empty() ? options : Options::of(group.rule); });
  check_lr_scale(group.lr_scale, called(group));
  naming(prefix, [&] {
    for (const auto& [option, value] : group.options) result.set(option, value);
    if (!group.options.contains("lr")) result.set("lr", result.get("lr") * group.lr_scale);
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
    check_pattern(group);
    static_cast<void>(description.options_of(group));
    if (!patterns.insert(group.pattern).second) throw Error(called(group) + " is there twice");
  }
}

bool fits_pattern(std::string_view pattern, std::string_view text) {
  // Where the last `*` stood, and how much of the text it has taken: to come back to when a later character fails.
  std::size_t star = std::string_view::npos, taken = 0;
  std::size_t at = 0, position = 0;
  while (position < text.size()) {
    const char next = at < pattern.size() ? pattern[at] : '\0';
    const bool is_escaped = next == '\\' && at + 1 < pattern.size();
    if (next == '*') {
      star = at++;
      taken = position;
    } else if (next == '?') {
      ++at;
      do ++position;
      while (position < text.size() && (text[position] & 0xC0) == 0x80);  // the rest of a character
    } else if (at < pattern.size() && pattern[at + (is_escaped ? 1 : 0)] == text[position]) {
      at += is_escaped ? 2 : 1;
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

std::string exact_pattern(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("*?]\\").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

}  // namespace thalweg::inline v0_1
