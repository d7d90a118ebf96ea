// The flags that say how to train.
#include "commands/training_flags.h"

#include "commands/exit.h"
#include "commands/setting_flags.h"
#include "models/model_list.h"
#include "training/optimizer.h"
#include "training/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace thalweg::lab {

namespace {

std::vector<std::string> models_with(const std::string& option) {
  std::vector<std::string> names;
  for (const ModelEntry& model : models())
    if (std::ranges::find(model.options, option) != model.options.end()) names.push_back(model.name);
  return names;
}

}  // namespace

void add_training_flags(CLI::App& command, TrainingConfig& config, const std::set<std::string_view>& without) {
  for (const Setting& setting : settings_of(config)) {
    if (setting.group == SettingGroup::none || without.contains(setting.name)) continue;
    add_setting(command, setting);
  }
  if (without.contains("model")) return;
  std::vector<std::string> names;
  for (const ModelEntry& model : models()) names.push_back(model.name);
  command.get_option("--model")->description(
      fmt::format("{}, or FILE.pt, a TorchScript module", fmt::join(names, ", ")));
}

void add_data_flags(CLI::App& command, TrainingConfig& config) {
  static const std::set<std::string_view> kNames{"target",    "positive",      "column",     "window", "horizon",
                                                 "test_data", "test_fraction", "split_seed", "words",  "clip_seconds"};
  for (const Setting& setting : settings_of(config))
    if (kNames.contains(setting.name)) add_setting(command, setting);
}

void add_optimizer_shortcuts(CLI::App& command, OptimizerShortcuts& shortcuts) {
  const auto group = "Optimizer";
  command.add_option("--lr", shortcuts.lr, "Learning rate, instead of the one in --optimizer")->group(group);
  command.add_option("--momentum", shortcuts.momentum, "Likewise")->group(group);
  command.add_option("--weight-decay", shortcuts.weight_decay, "Likewise")->group(group);
}

void apply_shortcuts(const CLI::App& command, const OptimizerShortcuts& shortcuts, bool is_new,
                     TrainingConfig& config) {
  Description description = read_optimizer(config.optimizer);
  if (is_new && command.count("--optimizer") == 0) description.options.set("lr", find_model(config.model).lr);
  if (shortcuts.lr) description.options.set("lr", *shortcuts.lr);
  if (shortcuts.momentum) description.options.set("momentum", *shortcuts.momentum);
  if (shortcuts.weight_decay) description.options.set("weight_decay", *shortcuts.weight_decay);
  config.optimizer = description.text();
}

void refuse_training_flags(const CLI::App& command, const TrainingConfig& config) {
  TrainingConfig defaults, given = config;
  const std::vector<Setting> usual = settings_of(defaults);
  for (std::size_t i = 0; const Setting& setting : settings_of(given)) {
    const nlohmann::json before = value_json(usual[i++]);
    const CLI::Option* option = command.get_option_no_throw(flag_of(setting.name));
    // A file that --print-config wrote has all of them.
    if (option == nullptr || option->count() == 0 || value_json(setting) == before) continue;
    throw UsageError(
        fmt::format("{} is of a training and means nothing beside a command of one's own", flag_of(setting.name)));
  }
}

void check_training_flags(const CLI::App& command, const TrainingConfig& config,
                          std::span<const std::string> optimizers) {
  as_usage([&] { find_model(config.model); });
  const TrainingConfig defaults;
  const nlohmann::json here = config, usual = defaults;
  const auto refuse = [&](const char* setting, bool useless, const std::string& why) {
    const std::string flag = flag_of(setting);
    if (!useless || command.count(flag) == 0) return;
    // A file that --print-config wrote has all of them.
    if (here.at(setting) != usual.at(setting)) throw UsageError(fmt::format("{}: {}", flag, why));
  };
  refuse("schedule",
         std::ranges::all_of(optimizers,
                             [](const std::string& text) { return read_optimizer(text).schedule.has_value(); }),
         "means nothing beside the schedule that the optimizer's own text has");
  const ModelEntry& model = find_model(config.model);
  for (const char* const option : kModelOptions) {
    refuse(option, std::ranges::find(model.options, option) == model.options.end(),
           fmt::format("the model {} takes {}; these take it: {}", model.name,
                       model.options.empty() ? std::string("no such options")
                                             : fmt::format("{}", fmt::join(model.options, ", ")),
                       fmt::join(models_with(option), ", ")));
  }
  refuse("tolerance", !config.stop.patience, "means nothing without --patience");
}

}  // namespace thalweg::lab
