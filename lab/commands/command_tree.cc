// The command's flags and arguments as data.
#include "commands/command_tree.h"

#include "commands/option_key.h"
#include "data/dataset.h"
#include "models/model_list.h"

#include <thalweg/rule.h>
#include <thalweg/schedule.h>

#include <CLI/CLI.hpp>

#include <algorithm>

namespace thalweg::lab {
namespace {

/// Words that a value may begin with, by the name of its flag or argument.
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words;
  if (name == "optimizer" || name == "rule") {
    for (const RuleInfo* rule : rules()) words.emplace_back(rule->name);
  } else if (name == "schedule") {
    for (const ScheduleInfo& schedule : schedules()) words.emplace_back(schedule.name);
  } else if (name == "model") {
    for (const ModelEntry& model : models()) words.push_back(model.name);
  } else if (name == "data") {
    for (const Format& format : formats()) words.push_back(data_spec(format, ""));
  }
  return words;
}

OptionInfo option_info(const CLI::Option& option) {
  OptionInfo info;
  const bool is_argument = option.get_lnames().empty();
  info.name = is_argument ? option.get_name() : "--" + option.get_lnames().front();
  if (!option.get_snames().empty()) info.short_name = "-" + option.get_snames().front();
  if (option.get_items_expected_max() > 0) info.type = is_argument ? info.name : option.get_type_name();
  if (info.type.empty() && option.get_items_expected_max() > 0) info.type = "TEXT";
  info.type = info.type.substr(0, info.type.find(':'));  // behind it CLI11 has what a check allows
  info.meaning = option.get_description();
  info.default_text = option.get_default_str();
  info.group = option.get_group();
  info.may_repeat = option.get_items_expected_max() > 1;
  info.is_required = option.get_required();
  info.words = words_of(key_of(option));
  if (!info.words.empty()) {
    info.completion = Completion::words;
  } else if (info.type == "FILE" || info.type == "RUN") {
    info.completion = Completion::files;
  } else if (info.type == "FOLDER") {
    info.completion = Completion::folders;
  }
  return info;
}

}  // namespace

CommandInfo command_tree(const CLI::App& app) {
  CommandInfo info{.name = app.get_name(), .meaning = app.get_description(), .footer = app.get_footer()};
  for (const CLI::App* parent = app.get_parent(); parent != nullptr; parent = parent->get_parent()) {
    info.name = parent->get_name() + ' ' + info.name;
  }
  for (const CLI::Option* option : app.get_options()) {
    OptionInfo one = option_info(*option);
    (one.name.starts_with("--") ? info.flags : info.arguments).push_back(std::move(one));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) info.commands.push_back(command_tree(*command));
  }
  return info;
}

}  // namespace thalweg::lab
