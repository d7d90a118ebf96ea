// Pages: the rules as Markdown, which docs/rules holds.
#include "rules/pages.h"

#include "rules/description.h"
#include "text_file.h"

#include <thalweg/error.h>
#include <thalweg/files.h>

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr std::string_view kMark = "<!-- Made by `thalweg rules --write-pages";  // how a page begins
constexpr const char* kList = "README.md";
constexpr std::size_t kMostOfPage = 1 << 20;

constexpr const char* kMadeBy =
    "<!-- Made by `thalweg rules --write-pages docs/rules` out of include/thalweg/rules/ and src/dialects/: change "
    "those. -->\n\n";

/// A row of a table. A bar would end the cell.
std::string row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (std::string cell : cells) {
    for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2) cell.insert(at, 1, '\\');
    text += ' ' + cell + " |";
  }
  return text + '\n';
}

std::string header(const std::vector<std::string>& cells) {
  return row(cells) + row(std::vector<std::string>(cells.size(), "---"));
}

std::string code(std::string_view text) { return fmt::format("`{}`", text); }

std::string full_name(const PeerOptimizer& peer) { return fmt::format("{} {}", peer.peer, peer.name); }

/// What a framework says of one option.
std::string cell(const OptionInfo& option, const PeerOption& peer) {
  if (!peer.matters) return "";
  if (!peer.note.empty()) return std::string(peer.note);
  if (peer.key.empty()) return value_text(option, peer.value.value());
  if (!peer.value) return code(peer.key) + ", required";
  return fmt::format("{} = {}", code(peer.key), value_text(option, *peer.value));
}

std::string options_table(const RuleInfo& rule) {
  std::string text = header({"option", "default", "allowed", "meaning"});
  for (const OptionInfo& option : rule.options) {
    text += row({code(option.name), default_text(option), range_text(option), std::string(option.meaning)});
  }
  return text;
}

std::string peers_table(const Description& description) {
  std::vector<std::string> names{"option"};
  for (const PeerOptimizer& peer : description.peers) names.push_back(full_name(peer));
  std::string text = header(names);
  for (std::size_t i = 0; i < description.rule->options.size(); ++i) {
    const OptionInfo& option = description.rule->options[i];
    std::vector<std::string> cells{code(option.name)};
    for (const PeerOptimizer& peer : description.peers) cells.push_back(cell(option, peer.options[i]));
    text += row(cells);
  }
  std::vector<std::string> counts{"steps are counted"};
  for (const PeerOptimizer& peer : description.peers) {
    counts.emplace_back(peer.step_count == StepCount::shared ? "for all parameters" : "for each parameter");
  }
  return text + row(counts);
}

/// What the frameworks call the column: `square_avg` (torch RMSprop), ….
std::string own_names(const Description& description, std::string_view column) {
  std::vector<std::string> names;
  for (const PeerOptimizer& peer : description.peers) {
    for (const auto& [ours, theirs] : peer.columns) {
      if (ours == column) names.push_back(fmt::format("{} ({})", code(theirs), full_name(peer)));
    }
  }
  return joined(names, ", ");
}

std::string state_table(const Description& description) {
  std::string text = header({"column", "kind", "kept", "first value", "elsewhere"});
  for (const ColumnUse& use : description.columns) {
    text += row({code(use.column->name), std::string(to_string(use.column->kind)), kept_text(use),
                 use.first_value.find_first_not_of("0123456789.") == std::string::npos ? use.first_value
                                                                                       : code(use.first_value),
                 own_names(description, use.column->name)});
  }
  return text;
}

std::filesystem::path page_file(const std::filesystem::path& folder, const RuleInfo& rule) {
  return folder / fmt::format("{}.md", rule.name);
}

std::string page(const Description& description) {
  const RuleInfo& rule = *description.rule;
  std::string text = fmt::format("# {}: {}\n\n", rule.name, rule.title);
  text += fmt::format("```text\n{}\n```\n\n{}.\n\n", rule.formula, rule.source);
  text += "## Options\n\n" + options_table(rule) + '\n';
  text += "## In the frameworks\n\n";
  if (description.peers.empty()) {
    text += "None of PyTorch, Keras, Optax, TensorFlow and timm has it.\n\n";
  } else {
    text += "Key = default; without a key, what the framework always does; empty where it makes no difference.\n\n" +
            peers_table(description) + '\n';
  }
  text += "## State\n\n";
  if (!rule.columns.empty()) text += state_table(description) + '\n';
  for (const ScalarInfo& scalar : rule.scalars) {
    text += fmt::format("One number for each parameter beside its step number: {}, at first {}.\n\n", code(scalar.name),
                        scalar.first_value);
  }
  text += fmt::format("{} bytes per parameter in f32, twice as many in f64.\n", bytes_text(description));
  return text;
}

std::string list() {
  std::string text = "# The rules\n\n" + header({"rule", "", "state", "bytes", "elsewhere"});
  for (const RuleInfo* rule : rules()) {
    const Description description = describe(*rule);
    std::vector<std::string> columns, peers;
    for (const ColumnInfo& column : rule->columns) {
      columns.push_back(column.needed ? std::string(column.name) : fmt::format("({})", column.name));
    }
    for (const PeerOptimizer& peer : description.peers) peers.push_back(full_name(peer));
    text += row({fmt::format("[{0}]({0}.md)", rule->name), std::string(rule->title), joined(columns, " "),
                 bytes_text(description), joined(peers, ", ")});
  }
  return text +
         "\nColumns in parentheses are kept only with some options; bytes are of state per f32 parameter. What "
         "surrounds every\n"
         "rule (loss scale, clipping, averages) is in [design.md](../design.md), how a framework's configuration is "
         "read in\n"
         "[dialects.md](../dialects.md).\n";
}

void check_is_page(const std::filesystem::path& file) {
  if (std::filesystem::exists(file) && !read_text_file(file, kMostOfPage).starts_with(kMark)) {
    throw Error(fmt::format("{}: is there, and no page of a rule; choose another folder", file.string()));
  }
}

}  // namespace

void write_rule_pages(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
  // Before the first is written.
  check_is_page(folder / kList);
  for (const RuleInfo* rule : rules()) check_is_page(page_file(folder, *rule));
  for (const RuleInfo* rule : rules()) {
    replace_file(page_file(folder, *rule), kMadeBy + page(describe(*rule)));
  }
  replace_file(folder / kList, kMadeBy + list());
}

}  // namespace thalweg::lab
