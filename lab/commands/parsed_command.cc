// Writes parsed options as a command line.
#include "commands/parsed_command.h"

#include "study/environment.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace thalweg::lab {
namespace {

/// The values as one argument: CLI11 has taken `256,64` apart.
std::string value_of(const CLI::Option& option) {
  std::string text;
  for (const std::string& value : option.results()) {
    if (!text.empty()) text += option.get_delimiter();
    text += value;
  }
  return text;
}

std::string option_text(const CLI::Option& option) {
  std::string name = "--" + option.get_lnames().front();
  if (option.get_items_expected_max() == 0) {  // a flag
    const std::string value = option.results().back();
    return value == "true" ? name : shell_quoted(name + '=' + value);
  }
  // A value that begins like an option must not be taken for one.
  const auto with = [&name](const std::string& value) {
    return value.starts_with('-') ? shell_quoted(name + '=' + value) : name + ' ' + shell_quoted(value);
  };
  if (option.get_delimiter() == '\0' && option.results().size() > 1) {  // given again for each
    std::string text;
    for (const std::string& value : option.results()) text += (text.empty() ? "" : " ") + with(value);
    return text;
  }
  const std::string value = value_of(option);
  return value.empty() && option.get_expected_min() == 0 ? name : with(value);
}

}  // namespace

std::string parsed_command(const CLI::App& command, const std::vector<std::string>& without,
                           const std::vector<std::string>& own_command) {
  std::string text = command.get_name();
  for (const CLI::App* app = command.get_parent(); app != nullptr; app = app->get_parent()) {
    text = app->get_name() + ' ' + text;
  }
  std::error_code unknown;
  if (const auto folder = std::filesystem::current_path(unknown); !unknown) {
    text = fmt::format("cd {} && {}", shell_quoted(folder.string()), text);
  }
  std::vector<const CLI::Option*> options;
  std::string arguments, behind;
  for (const CLI::Option* option : command.parse_order()) {
    if (std::ranges::find(options, option) != options.end()) continue;
    options.push_back(option);
    if (!option->get_positional()) continue;
    const bool like_flags =
        std::ranges::any_of(option->results(), [](const std::string& value) { return value.starts_with('-'); });
    std::string& words = like_flags ? behind : arguments;
    for (const std::string& value : option->results()) words += ' ' + shell_quoted(value);
  }
  for (const std::string& word : own_command) behind += ' ' + shell_quoted(word);
  text += arguments;
  for (const CLI::Option* option : options) {
    if (option->get_positional() || std::ranges::find(without, option->get_lnames().front()) != without.end()) continue;
    text += ' ' + option_text(*option);
  }
  return behind.empty() ? text : text + " --" + behind;
}

}  // namespace thalweg::lab
