// Commands that do once more what a trial of a search did.
#include "study/best_command.h"

#include "study/environment.h"
#include "study/program.h"
#include "study/trial_parameters.h"
#include "training/settings.h"

#include <fmt/format.h>

#include <cstddef>
#include <map>
#include <vector>

namespace thalweg::lab {
namespace {

std::string flag_value(const nlohmann::json& value) {
  if (!value.is_array()) return written(value);
  std::string text;
  for (const nlohmann::json& each : value) text += (text.empty() ? "" : ",") + flag_value(each);
  return text;
}

}  // namespace

std::string train_command(const TrainingConfig& config) {
  TrainingConfig here = config, usual;
  const std::vector<Setting> settings = settings_of(here), defaults = settings_of(usual);
  std::string command = "thalweg train";
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const nlohmann::json value = value_json(settings[i]);
    if (settings[i].group == SettingGroup::none || value == value_json(defaults[i])) continue;
    const std::string flag = flag_of(settings[i].name);
    if (value.is_boolean()) {
      command += value.get<bool>() ? ' ' + flag : fmt::format(" {}=false", flag);
    } else if (value.is_array() && !value.empty() && value.front().is_string()) {
      for (const nlohmann::json& each : value) command += fmt::format(" {} {}", flag, shell_quoted(flag_value(each)));
    } else {
      command += fmt::format(" {} {}", flag, shell_quoted(flag_value(value)));
    }
  }
  return command;
}

TrainingConfig training_of(const TuneConfig& config, const TuneTrial& trial) {
  TrainingConfig training = with_parameters(config.training, trial.parameters);
  training.seed = 1;
  training.test_at_end = true;
  training.validation_folds = training.validation_fold = 0;
  return training;
}

std::string command_of(const TuneConfig& config, const TuneTrial& trial) {
  if (!config.program) return train_command(training_of(config, trial));
  std::map<std::string, std::string> values{{Placeholders::kSeed, "1"}, {Placeholders::kFolder, "."}};
  for (const auto& [name, value] : trial.parameters.items()) values[name] = flag_value(value);
  std::string command;
  for (const std::string& word : filled(config.program, values)) {
    command += (command.empty() ? "" : " ") + shell_quoted(word);
  }
  return command;
}

}  // namespace thalweg::lab
