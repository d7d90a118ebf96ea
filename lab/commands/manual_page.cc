// Manual pages as roff.
#include "commands/manual_page.h"

#include "commands/option_key.h"

#include <thalweg/version.h>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace thalweg::lab {
namespace {

/// Text as roff prints it: with its backslashes and dashes, and no line that begins like a request.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool begins_line = result.empty() || result.back() == '\n';
    if (begins_line && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string page_name(const CommandInfo& command) {
  std::string name = command.name;
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string synopsis(const CommandInfo& command) {
  std::string text = fmt::format("\\fB{}\\fR [\\fIOPTIONS\\fR]", roff(command.name));
  for (const OptionInfo& argument : command.arguments) {
    const std::string name = fmt::format("\\fI{}\\fR{}", roff(argument.name), argument.may_repeat ? " ..." : "");
    text += argument.is_required ? ' ' + name : fmt::format(" [{}]", name);
  }
  return text + (command.commands.empty() ? "\n" : " \\fISUBCOMMAND\\fR\n");
}

std::string option_entry(const OptionInfo& option) {
  std::string text = ".TP\n";
  if (!option.short_name.empty()) text += fmt::format("\\fB{}\\fR, ", roff(option.short_name));
  text += fmt::format("\\fB{}\\fR", roff(option.name));
  const bool is_argument = !option.name.starts_with("--");
  if (!option.type.empty() && !is_argument) text += fmt::format(" \\fI{}\\fR", roff(option.type));
  text += fmt::format("\n{}", roff(option.meaning));
  if (!option.default_text.empty()) text += fmt::format(" (default: {})", roff(option.default_text));
  return text + "\n";
}

/// What stands below the flags in `--help`: paragraphs, and examples, whose lines are indented.
std::string notes(std::string_view footer) {
  std::string text;
  bool in_examples = false;
  footer.remove_prefix(std::min(footer.find_first_not_of('\n'), footer.size()));
  while (!footer.empty()) {
    const std::size_t end = std::min(footer.find('\n'), footer.size());
    const std::string_view line = footer.substr(0, end);
    footer.remove_prefix(std::min(end + 1, footer.size()));
    const bool is_indented = line.starts_with("  ");
    if (in_examples != is_indented) text += is_indented ? ".PP\n.nf\n" : ".fi\n";
    in_examples = is_indented;
    if (line.empty()) {
      text += ".PP\n";
    } else {
      text += roff(line) + '\n';
    }
  }
  return in_examples ? text + ".fi\n" : text;
}

}  // namespace

std::string manual_page(const CommandInfo& command) {
  const std::string name = page_name(command);
  std::string title = name;
  std::ranges::transform(title, title.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  std::string text = fmt::format(".TH {} 1 \"\" \"thalweg {}\" \"thalweg\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n{}",
                                 roff(title), THALWEG_VERSION, roff(name), roff(command.meaning), synopsis(command));
  if (!command.arguments.empty()) {
    text += ".SH ARGUMENTS\n";
    for (const OptionInfo& argument : command.arguments) text += option_entry(argument);
  }
  text += ".SH OPTIONS\n";
  Headed headed;
  for (const OptionInfo& flag : command.flags) text_below(flag.group, headed) += option_entry(flag);
  for (const auto& [heading, entries] : headed) text += fmt::format(".SS {}\n{}", roff(heading), entries);
  if (!command.commands.empty()) {
    text += ".SH SUBCOMMANDS\n";
    for (const CommandInfo& below : command.commands) {
      text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(below.last_name()), roff(below.meaning));
    }
  }
  if (!command.footer.empty()) text += ".SH NOTES\n" + notes(command.footer);
  if (!command.commands.empty()) {
    text += ".SH SEE ALSO\n";
    for (const CommandInfo& below : command.commands) {
      text += fmt::format(".BR {} (1){}\n", roff(page_name(below)), &below == &command.commands.back() ? "" : " ,");
    }
  }
  // Empty paragraphs would only be warned of.
  for (std::size_t at = 0; (at = text.find(".PP\n.PP\n", at)) != std::string::npos;) text.erase(at, 4);
  return text;
}

}  // namespace thalweg::lab
