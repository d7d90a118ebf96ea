// What a search found, for people.
#include "commands/tune_text.h"

#include "commands/setting_flags.h"
#include "output/table.h"
#include "page/text.h"
#include "search/importance.h"
#include "study/environment.h"
#include "study/program.h"
#include "study/trial_parameters.h"
#include "training/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <numeric>

namespace thalweg::lab {
namespace {

constexpr std::size_t kRowsShown = 5;

std::string flag_value(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const nlohmann::json& each : value) text += (text.empty() ? "" : ",") + flag_value(each);
  return text;
}

std::string parameter_text(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? number(value.get<double>()) : value.dump();
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

std::string tune_text(const StudyData& study, const std::vector<TuneTrial>& trials, std::size_t width) {
  const TuneConfig config = study.config.get<TuneConfig>();
  const SearchSpace space = parse_space(config.ranges);
  const Metric& metric = metric_of(study);

  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].state == TrialState::complete) order.push_back(i);
  }
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return metric.is_better(*trials[a].value, *trials[b].value); });
  std::vector<std::string> heads{"trial", metric_title(study) + (metric.is_share ? " %" : "")};
  std::vector<bool> right{true, true};
  for (const Dimension& dimension : space.dimensions) {
    heads.push_back(dimension.name);
    right.push_back(dimension.kind != DimensionKind::choice);
  }
  Table table(heads, right);
  for (std::size_t i = 0; i < std::min(order.size(), kRowsShown); ++i) {
    const TuneTrial& trial = trials[order[i]];
    std::vector<std::string> row{std::to_string(trial.number), plain_text(metric, *trial.value)};
    for (const Dimension& dimension : space.dimensions) {
      const auto value = trial.parameters.find(dimension.name);
      row.push_back(value == trial.parameters.end() ? "–" : parameter_text(*value));
    }
    table.add(row);
  }
  std::string text = order.empty() ? "No trial was trained to its end with a finite value.\n" : table.text(width);

  std::map<TrialState, std::size_t> counts;
  for (const TuneTrial& trial : trials) ++counts[trial.state];
  text += fmt::format("\n{} trials", trials.size());
  for (const auto& [state, trials_so] : counts) text += fmt::format(", {} {}", trials_so, to_string(state));
  text += '\n';

  const std::vector<double> shares = importances(space, seen_of(trials, space, metric));
  if (std::ranges::any_of(shares, [](double share) { return share > 0; })) {
    std::vector<std::size_t> by_share(shares.size());
    std::iota(by_share.begin(), by_share.end(), std::size_t{0});
    std::ranges::stable_sort(by_share, [&](std::size_t a, std::size_t b) { return shares[a] > shares[b]; });
    std::string words;
    for (const std::size_t i : by_share) {
      words += fmt::format("{}{} {:.0f} %", words.empty() ? "" : ", ", space.dimensions[i].name, 100 * shares[i]);
    }
    text += fmt::format("Importance (share of the differences that a parameter explains by itself): {}\n", words);
  }
  return text;
}

}  // namespace thalweg::lab
