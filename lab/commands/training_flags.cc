// The flags that say how to train.
#include "commands/training_flags.h"

#include "commands/exit.h"
#include "training/optimizer.h"
#include "training/settings.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <string>
#include <type_traits>
#include <variant>

namespace thalweg::lab {

namespace {

const char* heading(SettingGroup group) {
  switch (group) {
    case SettingGroup::task:
      return "Task";
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

template <class T>
CLI::Option* add_flag(CLI::App& command, const std::string& flag, const Setting& setting, T* value) {
  CLI::Option* option = command.add_option(flag, *value, setting.meaning);
  if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) option->delimiter(',');
  if constexpr (!kIsOptional<T>) option->capture_default_str();
  return option;
}

/// `--train-limit`.
std::string flag_of(const char* setting) {
  std::string flag = std::string("--") + setting;
  std::ranges::replace(flag, '_', '-');
  return flag;
}

}  // namespace

void add_training_flags(CLI::App& command, TrainingConfig& config, const std::set<std::string_view>& without) {
  for (const Setting& setting : settings_of(config)) {
    if (setting.group == SettingGroup::none || without.contains(setting.name)) continue;
    std::visit(
        [&](auto* value) { add_flag(command, flag_of(setting.name), setting, value)->group(heading(setting.group)); },
        setting.value);
  }
}

void check_training_flags(const CLI::App& command, const TrainingConfig& config,
                          std::span<const std::string> optimizers) {
  const nlohmann::json here = config, usual = TrainingConfig{};
  const auto refuse = [&](const char* setting, bool useless, const char* why) {
    const std::string flag = flag_of(setting);
    if (!useless || command.count(flag) == 0) return;
    // A file that --print-config wrote has all of them.
    if (here.at(setting) != usual.at(setting)) throw UsageError(fmt::format("{}: {}", flag, why));
  };
  refuse("schedule",
         std::ranges::all_of(optimizers,
                             [](const std::string& text) { return read_optimizer(text).schedule.has_value(); }),
         "means nothing beside the schedule that the optimizer's own text has");
  refuse("dense", config.model == "softmax", "the model softmax takes no hidden layers; mlp and cnn do");
  refuse("tolerance", !config.stop.patience, "means nothing without --patience");
}

}  // namespace thalweg::lab
