// Description: all that thalweg knows of a rule, collected for people and programs.
#include "rules/description.h"

#include <thalweg/optimizer.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <string_view>

namespace thalweg::lab {
namespace {

constexpr std::size_t kBytes = sizeof(float);

/// First values of the state columns that an optimizer with these options keeps.
std::map<std::string_view, float> first_values(const Options& options) {
  std::array<float, 1> parameter{1};
  Optimizer optimizer{options, {}, {.threads = 1}};
  const Handle handle = optimizer.add("parameter", parameter);
  std::map<std::string_view, float> values;
  for (const ColumnInfo& column : options.rule().columns) {
    const std::span<float> elements = optimizer.column<float>(handle, column.name);
    if (!elements.empty()) values.emplace(column.name, elements[0]);
  }
  return values;
}

/// The rule's defaults with one option changed, mostly to what switches something on. Nothing if 0, 0.5 and 1 are all
/// outside its range.
std::optional<Options> with_other(const RuleInfo& rule, const OptionInfo& option) {
  for (const double value : {0.5, 1.0, 0.0}) {
    const bool allowed = option.type == OptionType::boolean ? value != 0.5 : option.range.contains(value);
    if (!allowed || value == option.default_value) continue;
    Options options(rule);
    options.set(option.name, value);
    return options;
  }
  return {};
}

std::vector<ColumnUse> column_uses(const RuleInfo& rule) {
  const std::map<std::string_view, float> by_default = first_values(Options(rule));
  std::vector<ColumnUse> uses;
  for (const ColumnInfo& column : rule.columns) {
    uses.push_back({&column, {}, fmt::format("{}", column.first_value)});
  }
  for (const OptionInfo& option : rule.options) {
    const std::optional<Options> other = with_other(rule, option);
    if (!other) continue;
    const std::map<std::string_view, float> changed = first_values(*other);
    for (ColumnUse& use : uses) {
      const auto before = by_default.find(use.column->name), after = changed.find(use.column->name);
      if (after == changed.end()) continue;
      if (before == by_default.end()) use.options.emplace_back(option.name);
      if (before != by_default.end() && before->second != after->second) use.first_value = option.name;
    }
  }
  return uses;
}

}  // namespace

Description describe(const RuleInfo& rule) {
  // Those that are shaped like a matrix' rows or columns take next to nothing beside it.
  std::size_t needed = 0, all = 0;
  for (const ColumnInfo& column : rule.columns) {
    if (column.shape != ColumnShape::parameter) continue;
    needed += column.needed ? 1 : 0;
    ++all;
  }
  return {.rule = &rule,
          .columns = column_uses(rule),
          .peers = peer_optimizers(rule),
          .least_bytes = kBytes * needed,
          .most_bytes = kBytes * all};
}

std::string bytes_text(const Description& description) {
  const auto [least, most] = std::pair(description.least_bytes, description.most_bytes);
  return least == most ? std::to_string(least) : fmt::format("{}–{}", least, most);
}

std::string value_text(const OptionInfo& option, double value) {
  if (option.type == OptionType::boolean) return value != 0 ? "true" : "false";
  return fmt::format("{}", value);
}

std::string default_text(const OptionInfo& option) { return value_text(option, option.default_value); }

std::string range_text(const OptionInfo& option) {
  return option.type == OptionType::boolean ? "true, false" : option.range.text();
}

std::string kept_text(const ColumnUse& use) {
  return use.column->needed ? "always" : "with " + joined(use.options, " or ");
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

}  // namespace thalweg::lab
