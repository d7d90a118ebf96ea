// Configuration files: a command's flags as TOML.
#include "commands/config_file.h"

#include "commands/exit.h"
#include "commands/option_key.h"
#include "data/input_file.h"

#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/format.h>
#include <toml++/toml.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace thalweg::lab {
namespace {

/// What may stand in a file, in the order of `--help`.
std::vector<CLI::Option*> options_of(const CLI::App& command) {
  static const std::set<std::string_view> not_in_files{"help", "config", "print-config"};
  std::vector<CLI::Option*> result;
  for (const CLI::Option* option : command.get_options()) {
    if (!not_in_files.contains(key_of(*option))) result.push_back(const_cast<CLI::Option*>(option));
  }
  return result;
}

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }
bool is_text(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return !is_flag(option) && !type.starts_with("INT") && !type.starts_with("UINT") && !type.starts_with("FLOAT");
}
bool is_list(const CLI::Option& option) {
  return option.get_items_expected_max() > 1 || option.get_delimiter() != '\0';
}

const char* expected(const CLI::Option& option) {
  if (is_flag(option)) return "true or false";
  if (is_list(option)) return is_text(option) ? "a list of texts" : "a list of numbers";
  return is_text(option) ? "text in quotes" : "a number";
}

/// The value as the command line would have it; nothing if its type is another than the option's.
std::optional<std::string> value_of(const CLI::Option& option, const toml::node& node) {
  if (is_flag(option)) {
    const auto* value = node.as_boolean();
    return value == nullptr ? std::nullopt : std::optional<std::string>(value->get() ? "true" : "false");
  }
  if (is_text(option)) {
    const auto* value = node.as_string();
    return value == nullptr ? std::nullopt : std::optional(value->get());
  }
  if (const auto* whole = node.as_integer()) return std::to_string(whole->get());
  // TOML's whole numbers end at 2⁶³.
  if (const auto* text = node.as_string(); text != nullptr && std::string(option.get_type_name()).starts_with("UINT")) {
    return text->get();
  }
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  return std::nullopt;
}

toml::table parse(const std::string& file) {
  const std::vector<std::byte> bytes = InputFile(file).read_all();
  try {
    return toml::parse(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  } catch (const toml::parse_error& error) {
    throw UsageError(
        fmt::format("{}:{}: no TOML: {}", file, error.source().begin.line, printable(error.description())));
  }
}

/// `--epochs` and the like, which was not given, takes these values over. `place` begins errors.
void give(CLI::Option& option, const std::vector<std::string>& values, const std::string& place) {
  for (const CLI::Option* other : option.get_excludes()) {
    if (other->count() > 0) {
      throw UsageError(fmt::format("{}: {} does not go with --{}", place, key_of(option), key_of(*other)));
    }
  }
  try {
    option.add_result(values);
    option.run_callback();
  } catch (const CLI::ParseError& error) {
    throw UsageError(fmt::format("{}: {}", place, error.what()));
  }
}

/// As TOML reads it. JSON's strings are such.
std::string toml_text(const nlohmann::json& value) {
  const bool is_beyond = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX;
  if (is_beyond) return '"' + value.dump() + '"';
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// What was given, or the default; null if there is neither.
nlohmann::json given_value(const CLI::Option& option) {
  if (is_flag(option)) return option.count() > 0 && option.results().back() != "false";
  const auto typed = [&](const std::string& text) -> nlohmann::json {
    return is_text(option) ? nlohmann::json(text) : nlohmann::json::parse(text, nullptr, false);
  };
  if (option.count() == 0) {
    return option.get_default_str().empty() ? nlohmann::json(nullptr) : typed(option.get_default_str());
  }
  if (!is_list(option)) return typed(option.results().back());
  nlohmann::json list = nlohmann::json::array();
  for (const std::string& result : option.results()) list.push_back(typed(result));
  return list;
}

}  // namespace

void add_config_flags(CLI::App& command, ConfigFlags& flags) {
  const auto group = "Configuration";
  command.add_option("--config", flags.file, "TOML file of flags, as --print-config prints it; flags given here win")
      ->type_name("FILE")
      ->group(group);
  command
      .add_flag("--print-config", flags.print, "Print all flags with their values, as a configuration file, and end")
      ->group(group);
}

void read_config_file(const CLI::App& command, const std::string& file) {
  const toml::table table = as_usage([&] { return parse(file); });
  std::map<std::string, CLI::Option*, std::less<>> options;
  std::vector<std::string> known;
  for (CLI::Option* option : options_of(command)) {
    known.push_back(key_of(*option));
    options.emplace(known.back(), option);
  }
  for (const auto& [key, node] : table) {
    const std::string name(key.str()), place = fmt::format("{}:{}", file, key.source().begin.line);
    const auto found = options.find(name);
    if (found == options.end()) {
      throw UsageError(
          fmt::format("{}: {} is no setting of this command{}", place, printable(name), suggest(name, known)));
    }
    CLI::Option& option = *found->second;
    const auto refuse = [&] { throw UsageError(fmt::format("{}: {}: expected {}", place, name, expected(option))); };
    std::vector<std::string> values;
    const auto take = [&](const toml::node& one) {
      const std::optional<std::string> value = value_of(option, one);
      if (!value) refuse();
      values.push_back(*value);
    };
    if (const toml::array* list = node.as_array()) {
      if (is_list(option) && is_text(option) && list->empty()) continue;  // nothing is said
      if (!is_list(option) || list->empty()) refuse();
      for (const toml::node& one : *list) take(one);
    } else {
      take(node);
    }
    const bool is_off = is_flag(option) && values == std::vector<std::string>{"false"};
    if (option.count() == 0 && !is_off) give(option, values, place);
  }
}

std::string config_text(const CLI::App& command, const TrainingConfig& config) {
  const nlohmann::json settings = config;
  Headed headed;
  for (const CLI::Option* option : options_of(command)) {
    const std::string key = key_of(*option);
    std::string name = key;
    std::ranges::replace(name, '-', '_');
    const bool is_setting = !option->get_positional() && settings.contains(name);
    const nlohmann::json value = is_setting ? settings.at(name) : given_value(*option);
    std::string& lines = text_below(option->get_group(), headed);
    lines += value.is_null() ? fmt::format("# {} =", key) : fmt::format("{} = {}", key, toml_text(value));
    lines += fmt::format("  # {}\n", option->get_description());
  }
  std::string text;
  for (const auto& [heading, lines] : headed) {
    text += fmt::format("{}# {}\n{}", text.empty() ? "" : "\n", heading, lines);
  }
  return text;
}

}  // namespace thalweg::lab
