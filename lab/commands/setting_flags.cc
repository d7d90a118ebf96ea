// A setting of a training as a flag.
#include "commands/setting_flags.h"

#include "commands/exit.h"

#include <CLI/CLI.hpp>

#include <type_traits>
#include <variant>

namespace thalweg::lab {

namespace {

const char* heading(SettingGroup group) {
  switch (group) {
    case SettingGroup::model:
      return "Model";
    case SettingGroup::data:
      return "Data";
    case SettingGroup::stop:
      return "When to stop";
    case SettingGroup::optimizer:
      return "Optimizer";
    default:
      return "Run";
  }
}

CLI::Option* add_flag(CLI::App& command, const std::string& flag, const Setting& setting, Schedule* schedule) {
  return command
      .add_option_function<std::string>(
          flag, [schedule](const std::string& text) { *schedule = as_usage([&] { return parse_schedule(text); }); },
          setting.meaning)
      ->type_name("TEXT")
      ->default_str(schedule->text());
}

CLI::Option* add_flag(CLI::App& command, const std::string& flag, const Setting& setting, bool* value) {
  return command.add_flag(flag, *value, setting.meaning);
}

CLI::Option* add_flag(CLI::App& command, const std::string& flag, const Setting& setting,
                      std::vector<std::string>* values) {
  return command.add_option(flag, *values, setting.meaning)
      ->allow_extra_args(false)  // given again for each
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

template <class T>
CLI::Option* add_flag(CLI::App& command, const std::string& flag, const Setting& setting, T* value) {
  CLI::Option* option = command.add_option(flag, *value, setting.meaning);
  if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) option->delimiter(',');
  if constexpr (!kIsOptional<T>) option->capture_default_str();
  return option;
}

}  // namespace

void add_setting(CLI::App& command, const Setting& setting) {
  std::visit(
      [&](auto* value) { add_flag(command, flag_of(setting.name), setting, value)->group(heading(setting.group)); },
      setting.value);
}

}  // namespace thalweg::lab
