// thalweg rules: what rules there are, and all about one of them.
#include "commands/commands.h"
#include "commands/exit.h"
#include "commands/table.h"

#include <thalweg/optimizer.h>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>

namespace thalweg::lab {
namespace {

/// Names of the state columns that an optimizer with these options keeps, as one step shows.
std::set<std::string> columns_in_use(const Options& options) {
  std::array<float, 1> parameter{1}, gradient{1};
  Optimizer optimizer{options, {.threads = 1}};
  const Handle handle = optimizer.add("parameter", parameter);
  optimizer.step({{handle, gradient}});
  std::set<std::string> names;
  for (const ColumnInfo& column : options.rule().columns) {
    if (!optimizer.column<float>(handle, column.name).empty()) names.emplace(column.name);
  }
  return names;
}

/// The rule's defaults with one option changed to what switches things on.
Options with_option(const RuleInfo& rule, const OptionInfo& option) {
  Options options(rule);
  const bool off = option.default_value == 0;
  options.set(option.name,
              option.type == OptionType::boolean || !option.range.contains(0.5) ? (off ? 1 : 0) : (off ? 0.5 : 0));
  return options;
}

/// A state column and the options it is kept for; none of them: always.
struct ColumnUse {
  const ColumnInfo* column;
  std::vector<std::string> options;
};

std::vector<ColumnUse> column_uses(const RuleInfo& rule) {
  std::vector<ColumnUse> uses;
  for (const ColumnInfo& column : rule.columns) {
    ColumnUse& use = uses.emplace_back(ColumnUse{&column, {}});
    if (column.needed) continue;
    for (const OptionInfo& option : rule.options) {
      std::optional<Options> options;
      try {
        options = with_option(rule, option);
      } catch (const Error&) {
        continue;  // neither of the values tried is allowed
      }
      if (columns_in_use(*options).contains(std::string(column.name))) use.options.emplace_back(option.name);
    }
  }
  return uses;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

constexpr std::size_t kBytes = sizeof(float);

std::size_t least_bytes(const RuleInfo& rule) {
  return kBytes * static_cast<std::size_t>(std::ranges::count_if(rule.columns, &ColumnInfo::needed));
}

std::size_t most_bytes(const RuleInfo& rule) { return kBytes * rule.columns.size(); }

std::string bytes_text(const RuleInfo& rule) {
  const std::size_t least = least_bytes(rule), most = most_bytes(rule);
  return least == most ? std::to_string(least) : fmt::format("{} to {}", least, most);
}

std::string value_text(const OptionInfo& option) {
  if (option.type == OptionType::boolean) return option.default_value != 0 ? "true" : "false";
  return fmt::format("{}", option.default_value);
}

std::string range_text(const OptionInfo& option) {
  return option.type == OptionType::boolean ? "true, false" : option.range.text();
}

nlohmann::json to_json(const RuleInfo& rule) {
  nlohmann::json options = nlohmann::json::array(), columns = nlohmann::json::array();
  for (const OptionInfo& option : rule.options) {
    const bool boolean = option.type == OptionType::boolean;
    nlohmann::json& json = options.emplace_back();
    json = {{"name", option.name}, {"type", boolean ? "boolean" : "real"}, {"meaning", option.meaning}};
    if (boolean) {
      json["default"] = option.default_value != 0;
    } else {
      json["default"] = option.default_value;
      json["range"] = option.range.text();
    }
  }
  for (const ColumnUse& use : column_uses(rule)) {
    columns.push_back({{"name", use.column->name},
                       {"kind", to_string(use.column->kind)},
                       {"needed_by_default", use.column->needed},
                       {"needed_with", use.options}});
  }
  return {{"name", rule.name},
          {"title", rule.title},
          {"formula", rule.formula},
          {"source", rule.source},
          {"options", options},
          {"columns", columns},
          {"bytes_per_parameter_f32", {{"default", least_bytes(rule)}, {"most", most_bytes(rule)}}}};
}

void print_all() {
  Table table({"rule", "state columns", "bytes", "what it does"});
  for (const RuleInfo* rule : rules()) {
    std::vector<std::string> columns;
    for (const ColumnInfo& column : rule->columns) {
      columns.push_back(column.needed ? std::string(column.name) : fmt::format("({})", column.name));
    }
    table.add({std::string(rule->name), joined(columns, " "), bytes_text(*rule), std::string(rule->title)});
  }
  fmt::print(
      "{}\nColumns in parentheses are kept only with some options; bytes are of state per f32 parameter.\n"
      "`thalweg rules NAME` tells all about one.\n",
      table.text());
}

void print_one(const RuleInfo& rule) {
  fmt::print("{}: {}\n\n", rule.name, rule.title);
  std::string formula(rule.formula);
  for (std::size_t at = 0; (at = formula.find('\n', at)) != std::string::npos;) formula.insert(++at, "  ");
  fmt::print("  {}\n\n", formula);
  Table options({"option", "default", "range", "meaning"}, {false, true, false, false});
  for (const OptionInfo& option : rule.options) {
    options.add({std::string(option.name), value_text(option), range_text(option), std::string(option.meaning)});
  }
  fmt::print("{}\n", options.text());
  Table columns({"state column", "kind", "kept"});
  for (const ColumnUse& use : column_uses(rule)) {
    const std::string when = use.column->needed ? "always" : "with " + joined(use.options, " or ");
    columns.add({std::string(use.column->name), std::string(to_string(use.column->kind)), when});
  }
  if (!rule.columns.empty()) fmt::print("{}\n", columns.text());
  fmt::print("State: {} bytes per f32 parameter\nSource: {}\n", bytes_text(rule), rule.source);
}

}  // namespace

void add_rules(CLI::App& app) {
  CLI::App* command = app.add_subcommand("rules", "List the optimizers' rules, or tell all about one of them");
  struct Flags {
    std::string name;
    bool json = false;
  };
  auto flags = std::make_shared<Flags>();
  command->add_option("RULE", flags->name, "One rule: formula, options, state, source");
  command->add_flag("--json", flags->json, "Print JSON");
  command->callback([flags] {
    if (flags->name.empty()) {
      if (!flags->json) return print_all();
      nlohmann::json all = nlohmann::json::array();
      for (const RuleInfo* rule : rules()) all.push_back(to_json(*rule));
      fmt::print("{}\n", all.dump(2));
      return;
    }
    const RuleInfo& one = as_usage([&]() -> const RuleInfo& { return rule(flags->name); });
    if (flags->json) {
      fmt::print("{}\n", to_json(one).dump(2));
    } else {
      print_one(one);
    }
  });
}

}  // namespace thalweg::lab
