// thalweg rules: what rules there are, and all about one of them.
#include "commands/commands.h"
#include "commands/exit.h"
#include "commands/table.h"
#include "rules/description.h"
#include "rules/pages.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

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
  fmt::print(
      "{}\nColumns in parentheses are kept only with some options; bytes are of state per f32 parameter.\n"
      "`thalweg rules NAME` tells all about one.\n",
      table.text());
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

/// Breaks the text between words into lines of at most `width` columns; all but the first are indented.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
  std::string result, line;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!line.empty() && width_of(line) + 1 + width_of(word) > width) {
      result += line + '\n' + std::string(indent, ' ');
      line = word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
    at = end + 1;
  }
  return result + line;
}

void print_one(const RuleInfo& rule) {
  const Description description = describe(rule);
  fmt::print("{}: {}\n\n", rule.name, rule.title);
  std::string formula(rule.formula);
  for (std::size_t at = 0; (at = formula.find('\n', at)) != std::string::npos;) formula.insert(++at, "  ");
  fmt::print("  {}\n\n", formula);
  Table options({"option", "default", "range", "meaning"}, {false, true, false, false});
  for (const OptionInfo& option : rule.options) {
    options.add({std::string(option.name), default_text(option), range_text(option), std::string(option.meaning)});
  }
  fmt::print("{}\n", options.text());
  Table columns({"state column", "kind", "kept"});
  for (const ColumnUse& use : description.columns) {
    columns.add({std::string(use.column->name), std::string(to_string(use.column->kind)), kept_text(use)});
  }
  if (!rule.columns.empty()) fmt::print("{}\n", columns.text());
  constexpr std::size_t kWidth = 96, kIndent = 4;
  for (const PeerOptimizer& peer : description.peers) {
    fmt::print("{} {}:\n{:{}}{}\n", peer.peer, peer.name, "", kIndent,
               wrapped(peer_text(peer, rule), kWidth - kIndent, kIndent));
  }
  if (description.peers.empty()) fmt::print("None of PyTorch, Keras, Optax and TensorFlow has it.\n");
  fmt::print("\nState: {} bytes per f32 parameter\nSource: {}\n", bytes_text(description), rule.source);
}

}  // namespace

void add_rules(CLI::App& app) {
  CLI::App* command = app.add_subcommand("rules", "List the optimizers' rules, or tell all about one of them");
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
