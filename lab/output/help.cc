// HelpFormatter: CLI11's help, wrapped.
#include "output/help.h"

#include "output/wrap.h"

#include <algorithm>

namespace thalweg::lab {
namespace {

constexpr std::size_t kNames = 30;   // columns of the names on the left, where the width allows
constexpr std::size_t kIndent = 2;   // of names and examples
constexpr std::size_t kNarrow = 64;  // below it, meanings stand under their names

bool is_indented(std::string_view line) { return line.starts_with(' '); }

/// The text with each paragraph in one line.
std::string joined_paragraphs(std::string_view text) {
  std::string result;
  bool can_join = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const bool is_text = !line.empty() && !is_indented(line);
    if (!result.empty()) result += is_text && can_join ? ' ' : '\n';
    if (line.empty() && result.empty()) result += '\n';
    result += line;
    can_join = is_text && !line.ends_with(':');  // `Examples:` has a line of its own
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string footer_line(const std::string& line, std::size_t width) {
  if (!is_indented(line) || width_of(line) <= width) return wrapped(line, width);
  const std::size_t gap = line.find("  ", line.find_first_not_of(' '));
  const std::string command = wrapped(line.substr(0, gap), width, kIndent);
  if (gap == std::string::npos) return command;
  const std::string meaning = line.substr(line.find_first_not_of(' ', gap));
  return command + '\n' + wrapped(std::string(3 * kIndent, ' ') + meaning, width);
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  std::string help = CLI::Formatter::make_help(app, std::move(name), mode);
  // CLI11 leaves up to three empty lines between its parts.
  for (std::size_t at = 0; (at = help.find("\n\n\n", at)) != std::string::npos;) help.erase(at, 1);
  return help;
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
  return wrapped(app->get_description() + '\n', width_);
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  return wrapped(CLI::Formatter::make_usage(app, std::move(name)), width_, kIndent);
}

std::string HelpFormatter::make_option_usage(const CLI::Option* option) const {
  const std::string text = make_option_name(option, true) + (option->get_items_expected_max() > 1 ? "..." : "");
  return option->get_required() ? text : '[' + text + ']';
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  return entry(make_option_name(option, is_positional) + make_option_opts(option), make_option_desc(option));
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  return entry(command->get_name(), command->get_description());
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
  std::string text;
  const std::string lines = joined_paragraphs(app->get_footer());
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    text += footer_line(lines.substr(at, end - at), width_) + '\n';
    at = end + 1;
  }
  return text;
}

std::string HelpFormatter::entry(const std::string& name, const std::string& meaning) const {
  const std::size_t column = width_ < kNarrow ? 3 * kIndent : kNames;
  std::string lead = std::string(kIndent, ' ') + name;
  std::string above;
  if (width_of(lead) + kIndent > column) {
    above = wrapped(lead, width_, 2 * kIndent) + '\n';
    lead.clear();
  }
  lead.resize(lead.size() + column - width_of(lead), ' ');
  if (meaning.empty()) return above.empty() ? lead + '\n' : above;
  // As a line that begins with spaces alone it hangs where its meaning begins.
  std::string text = wrapped(std::string(column, ' ') + meaning, width_);
  return above + lead + text.substr(column) + '\n';
}

}  // namespace thalweg::lab
