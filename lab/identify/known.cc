// Known: names and values that were told, and which rules can have them.
#include "identify/known.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

namespace thalweg::lab::identify {
namespace {

// The decay of a running mean of squares, by the name that the rule has for it.
constexpr std::array<std::string_view, 3> kSquaresDecay{"alpha", "rho", "beta2"};

/// The rule's own name for this option; empty if it has none.
std::string_view own_name(const RuleInfo& rule, std::string_view option) {
  if (rule.find_option(option) >= 0) return option;
  if (std::ranges::find(kSquaresDecay, option) == kSquaresDecay.end()) return {};
  for (const std::string_view name : kSquaresDecay) {
    if (rule.find_option(name) >= 0) return name;
  }
  return {};
}

/// The rule with this option set; what went wrong is in `error`.
bool takes(const RuleInfo& rule, std::string_view option, double value, std::string& error) {
  try {
    Options(rule).set(option, value);
    return true;
  } catch (const Error& refused) {
    if (error.empty()) error = refused.what();
    return false;
  }
}

void check(std::string_view option, double value) {
  std::set<std::string> names;
  std::string error;
  for (const RuleInfo* rule : rules()) {
    for (const OptionInfo& info : rule->options) names.emplace(info.name);
    if (const std::string_view own = own_name(*rule, option); !own.empty() && takes(*rule, own, value, error)) return;
  }
  if (!error.empty()) throw Error(fmt::format("known: {}", error));
  throw Error(fmt::format("known: unknown option '{}'{}", option,
                          suggest(option, std::vector<std::string>(names.begin(), names.end()))));
}

/// Values told to this rule; nothing if it cannot have them all.
std::optional<std::map<std::size_t, double>> values_for(const RuleInfo& rule,
                                                        const std::map<std::string, double>& told) {
  std::map<std::size_t, double> result;
  for (const auto& [option, value] : told) {
    const std::string_view own = own_name(rule, option);
    if (own.empty()) {
      if (value != 0) return std::nullopt;
      continue;
    }
    std::string ignored;
    if (!takes(rule, own, value, ignored)) return std::nullopt;
    const auto [place, fresh] = result.emplace(static_cast<std::size_t>(rule.find_option(own)), value);
    if (!fresh && place->second != value) return std::nullopt;
  }
  return result;
}

}  // namespace

void Known::allow_rule(std::string_view name) { rules_.emplace_back(rule(name).name); }

void Known::tell(std::string_view option, double value) {
  check(option, value);
  const auto [place, fresh] = values_.emplace(option, value);
  if (!fresh && place->second != value) {
    throw Error(fmt::format("known: {} = {} contradicts {} = {}", option, value, option, place->second));
  }
}

void Known::tell(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    throw Error(fmt::format("known: '{}' is not of the form option=value; an example is lr=0.01", text));
  }
  const std::string_view option = text.substr(0, equals), written = text.substr(equals + 1);
  if (option == "rule") return allow_rule(written);
  if (written == "true" || written == "false") return tell(option, written == "true" ? 1 : 0);
  double value = 0;
  const char* const end = written.data() + written.size();
  const auto [after, error] = std::from_chars(written.data(), end, value);
  if (error != std::errc() || after != end) {
    throw Error(fmt::format("known: {} = '{}' is neither a number nor true or false", option, written));
  }
  tell(option, value);
}

std::vector<Known::Possible> Known::possible() const {
  std::vector<Possible> result;
  const auto allowed = [&](const RuleInfo& rule) { return std::ranges::find(rules_, rule.name) != rules_.end(); };
  for (const RuleInfo* rule : rules()) {
    const RuleInfo& first = first_name(*rule);
    if (rules_.empty() ? rule != &first : !allowed(*rule)) continue;
    if (rule != &first && allowed(first)) continue;
    std::map<std::string, double> told = values_;
    // The other names of a formula differ from the first in booleans that they set.
    bool contradicts = false;
    for (std::size_t i = 0; i < rule->options.size(); ++i) {
      const OptionInfo& own = rule->options[i];
      if (own.type != OptionType::boolean || own.default_value == first.options[i].default_value) continue;
      const auto [place, fresh] = told.emplace(own.name, own.default_value);
      contradicts = contradicts || place->second != own.default_value;
    }
    if (contradicts) continue;
    if (auto values = values_for(first, told)) result.push_back({&first, std::move(*values)});
  }
  if (!result.empty()) return result;
  std::string told;
  for (const std::string& name : rules_) told += fmt::format("{}rule = {}", told.empty() ? "" : ", ", name);
  for (const auto& [option, value] : values_) told += fmt::format("{}{} = {}", told.empty() ? "" : ", ", option, value);
  throw Error(fmt::format("known: no rule can have {}", told));
}

const RuleInfo& first_name(const RuleInfo& rule) {
  for (const RuleInfo* other : rules()) {
    if (other->formula == rule.formula && other->options.size() == rule.options.size()) return *other;
  }
  return rule;
}

Options under_shortest_name(const Options& options) {
  Options shortest = options;
  for (const RuleInfo* other : rules()) {
    if (&first_name(*other) != &first_name(options.rule())) continue;
    Options renamed(*other);
    for (std::size_t i = 0; i < other->options.size(); ++i) renamed.set(other->options[i].name, options.values()[i]);
    const auto changes = [](const Options& o) { return std::ranges::count(o.text(), '='); };
    if (changes(renamed) < changes(shortest)) shortest = renamed;
  }
  return shortest;
}

}  // namespace thalweg::lab::identify
