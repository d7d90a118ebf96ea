// thalweg rules: what rules there are, and all about one of them.
#include "commands/commands.h"
#include "commands/exit.h"
#include "output/output.h"
#include "output/table.h"
#include "output/wrap.h"
#include "rules/description.h"
#include "rules/pages.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr const char* kFooter = R"(
Examples:
  thalweg rules                            all rules and the state they keep
  thalweg rules rmsprop                    formula, options, state and the frameworks' words for it
  thalweg rules rmsprop --json             the same for programs
  thalweg rules --write-pages docs/rules   a Markdown page for each)";

nlohmann::json to_json(const OptionInfo& option, double value) {
  return option.type == OptionType::boolean ? nlohmann::json(value != 0) : nlohmann::json(value);
}

nlohmann::json to_json(const PeerOptimizer& peer, const RuleInfo& rule) {
  nlohmann::json options = nlohmann::json::object();
  for (std::size_t i = 0; i < rule.options.size(); ++i) {
    const PeerOption& said = peer.options[i];
    nlohmann::json& json = options[std::string(said.option)] = {{"key", nullptr}, {"value", nullptr}};
    if (!said.key.empty()) json["key"] = said.key;
    if (said.value) json["value"] = to_json(rule.options[i], *said.value);
  }
  return {{"framework", peer.peer},
          {"name", peer.name},
          {"counts_steps", peer.step_count == StepCount::shared ? "shared" : "per_parameter"},
          {"options", options}};
}

nlohmann::json to_json(const RuleInfo& rule) {
  const Description description = describe(rule);
  nlohmann::json peers = nlohmann::json::array();
  for (const PeerOptimizer& peer : description.peers) peers.push_back(to_json(peer, rule));
  nlohmann::json options = nlohmann::json::array(), columns = nlohmann::json::array();
  for (const OptionInfo& option : rule.options) {
    const bool boolean = option.type == OptionType::boolean;
    nlohmann::json& json = options.emplace_back();
    json = {{"name", option.name}, {"type", boolean ? "boolean" : "real"}, {"meaning", option.meaning}};
    json["default"] = to_json(option, option.default_value);
    if (!boolean) json["range"] = option.range.text();
  }
  for (const ColumnUse& use : description.columns) {
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
          {"bytes_per_parameter_f32", {{"default", description.least_bytes}, {"most", description.most_bytes}}},
          {"frameworks", peers}};
}

void print_all() {
  Table table({"rule", "state columns", "bytes", "what it does"});
  for (const RuleInfo* rule : rules()) {
    std::vector<std::string> columns;
    for (const ColumnInfo& column : rule->columns) {
      columns.push_back(column.needed ? std::string(column.name) : fmt::format("({})", column.name));
    }
    table.add({std::string(rule->name), joined(columns, " "), bytes_text(describe(*rule)), std::string(rule->title)});
  }
  print_lines(table.text(output_columns()));
  print_lines(
      "\nColumns in parentheses are kept only with some options; bytes are of state per f32 parameter.\n"
      "`thalweg rules NAME` tells all about one.\n");
}

/// `learning_rate = 0.001, rho = 0.9`: what its keys are by default; then what it always does that thalweg does not.
std::string peer_text(const PeerOptimizer& peer, const RuleInfo& rule) {
  std::vector<std::string> keys, always;
  for (std::size_t i = 0; i < rule.options.size(); ++i) {
    const OptionInfo& option = rule.options[i];
    const PeerOption& said = peer.options[i];
    const std::string value = said.value ? value_text(option, *said.value) : "required";
    const std::string called = said.key == option.name ? said.key : fmt::format("{} ({})", said.key, option.name);
    if (!said.key.empty()) keys.push_back(fmt::format("{} {}", called, value));
    if (said.key.empty() && said.matters && said.value != option.default_value) {
      always.push_back(fmt::format("{} {}", option.name, value));
    }
  }
  return joined(keys, ", ") + (always.empty() ? "" : "; always " + joined(always, ", "));
}

void print_one(const RuleInfo& rule) {
  const Description description = describe(rule);
  print("{}: {}\n\n", rule.name, rule.title);
  std::string formula(rule.formula);
  for (std::size_t at = 0; (at = formula.find('\n', at)) != std::string::npos;) formula.insert(++at, "  ");
  print_lines(wrapped("  " + formula + "\n\n", output_columns(), 4));
  Table options({"option", "default", "range", "meaning"}, {false, true, false, false});
  for (const OptionInfo& option : rule.options) {
    options.add({std::string(option.name), default_text(option), range_text(option), std::string(option.meaning)});
  }
  print_lines(options.text(output_columns()) + '\n');
  Table columns({"state column", "kind", "kept"});
  for (const ColumnUse& use : description.columns) {
    columns.add({std::string(use.column->name), std::string(to_string(use.column->kind)), kept_text(use)});
  }
  if (!rule.columns.empty()) print_lines(columns.text(output_columns()) + '\n');
  constexpr std::size_t kWidth = 96;  // at most: longer lines are hard to read
  for (const PeerOptimizer& peer : description.peers) {
    print("{} {}:\n", peer.peer, peer.name);
    print_lines(wrapped("    " + peer_text(peer, rule) + '\n', std::min(kWidth, output_columns())));
  }
  if (description.peers.empty()) print_lines("None of PyTorch, Keras, Optax and TensorFlow has it.\n");
  print("\nState: {} bytes per f32 parameter\nSource: {}\n", bytes_text(description), rule.source);
}

}  // namespace

void add_rules(CLI::App& app) {
  CLI::App* command = app.add_subcommand("rules", "List the optimizers' rules, or tell all about one of them");
  command->footer(kFooter);
  struct Flags {
    std::string name, pages;
    bool json = false;
  };
  auto flags = std::make_shared<Flags>();
  command->add_option("RULE", flags->name, "One rule: formula, options, state, source");
  command->add_flag("--json", flags->json, "Print JSON");
  command->add_option("--write-pages", flags->pages, "Write a Markdown page for each rule into this folder instead")
      ->type_name("FOLDER");
  command->callback([flags] {
    if (!flags->pages.empty()) return write_rule_pages(flags->pages);
    if (flags->name.empty()) {
      if (!flags->json) return print_all();
      nlohmann::json all = nlohmann::json::array();
      for (const RuleInfo* rule : rules()) all.push_back(to_json(*rule));
      print_json(all);
      return;
    }
    const RuleInfo& one = as_usage([&]() -> const RuleInfo& { return rule(flags->name); });
    if (flags->json) {
      print_json(to_json(one));
    } else {
      print_one(one);
    }
  });
}

}  // namespace thalweg::lab
