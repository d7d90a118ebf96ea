// TrainingConfig: its JSON form and the ranges of its values.
#include "training/config.h"

#include "data/augment.h"
#include "risk/costs.h"
#include "training/json_reader.h"
#include "training/optimizer.h"
#include "training/settings.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

#include <type_traits>
#include <utility>

namespace thalweg::lab {

namespace {

// As it was written when there were four kinds, whose options were numbers of the configuration. Step and exponential
// counted epochs.
Schedule schedule_of_old_files(const nlohmann::json& json) {
  std::string kind = "cosine";
  double gamma = 0.1, every = 10, floor = 0, warmup_steps = 0;
  JsonReader reader(json, "training schedule");
  reader.read("kind", kind);
  reader.read("gamma", gamma);
  reader.read("every", every);
  reader.read("floor", floor);
  reader.read("warmup_steps", warmup_steps);
  reader.finish();
  const Schedule::Warmup warmup{.steps = warmup_steps};
  if (kind == "constant") return {schedule::Constant{}, warmup};
  if (kind == "step") return {schedule::StepDecay{every, gamma}, warmup, Interval::epoch};
  if (kind == "exponential") return {schedule::Exponential{gamma}, warmup, Interval::epoch};
  if (kind == "cosine") return {schedule::Cosine{.floor = floor}, warmup};
  static const std::vector<std::string> kinds{"constant", "step", "exponential", "cosine"};
  throw Error(fmt::format("unknown schedule '{}'{}", kind, suggest(kind, kinds)));
}

Schedule read_schedule(const nlohmann::json& json) {
  return json.is_string() ? parse_schedule(json.get<std::string>()) : schedule_of_old_files(json);
}

/// Files of before have the stop conditions as an object of their own.
nlohmann::json without_parts(nlohmann::json json) {
  const auto stop = json.is_object() ? json.find("stop") : json.end();
  if (stop == json.end()) return json;
  if (!stop->is_object()) throw Error(fmt::format("training: stop = {} is no object", excerpt(*stop)));
  const nlohmann::json conditions = *stop;
  json.erase(stop);
  for (const auto& [key, value] : conditions.items()) {
    if (!json.emplace(key, value).second) throw Error(fmt::format("training: {} stands twice, once in stop", key));
  }
  return json;
}

/// Files of before called the goal target_accuracy, since it was always one.
nlohmann::json as_today(const nlohmann::json& json) {
  nlohmann::json today = without_parts(json);
  if (!today.is_object() || !today.contains("target_accuracy")) return today;
  today.emplace("goal", today["target_accuracy"]);
  today.erase("target_accuracy");
  return today;
}

}  // namespace

void to_json(nlohmann::json& json, const TrainingConfig& config) {
  TrainingConfig copy = config;  // settings can be written too
  json = nlohmann::json::object();
  for (const Setting& setting : settings_of(copy)) json[setting.name] = value_json(setting);
}

void from_json(const nlohmann::json& json, TrainingConfig& config) {
  TrainingConfig read;
  read.validation_by_class = false;  // where the file does not know of it
  const nlohmann::json flat = as_today(json);
  JsonReader reader(flat, "training");
  for (const Setting& setting : settings_of(read)) {
    std::visit(
        [&](auto* value) {
          if constexpr (std::is_same_v<decltype(value), Schedule*>) {
            reader.read(setting.name, [&](const nlohmann::json& schedule) { *value = read_schedule(schedule); });
          } else {
            reader.read(setting.name, *value);
          }
        },
        setting.value);
  }
  reader.finish();
  check(read);
  config = std::move(read);
}

void check(const TrainingConfig& config) {
  TrainingConfig copy = config;
  for (const Setting& setting : settings_of(copy)) check(setting);
  if (!config.class_weights.empty() && config.class_weights != kBalanced) {
    throw Error(fmt::format("class weights = {}: expected {}, or nothing", config.class_weights, kBalanced));
  }
  if (!config.cost.empty()) parse_costs(config.cost);
  if (!config.augment.empty()) parse_augmentation(config.augment);
  if (config.folds == 1) throw Error("folds = 1 leaves nothing to train on; expected at least 2, or 0 for none");
  if (config.fold > config.folds) throw Error(fmt::format("fold = {} is outside [0, {}]", config.fold, config.folds));
  if (config.validation_folds == 1) {
    throw Error("validation folds = 1 leaves nothing to train on; expected at least 2, or 0 for none");
  }
  if (config.validation_fold > config.validation_folds ||
      (config.validation_folds > 0 && config.validation_fold == 0)) {
    throw Error(
        fmt::format("validation fold = {} is outside [1, {}]", config.validation_fold, config.validation_folds));
  }
  if (config.validation_fraction > 0 || config.validation_folds > 0) return;
  const auto refuse = [](bool needed, const char* what) {
    if (needed) throw Error(fmt::format("validation fraction = 0 leaves nothing for the {} to be measured on", what));
  };
  refuse(optimizer_of(config).schedule->needs_metric(), "schedule's metric, the validation loss,");
  refuse(config.stop.goal.has_value(), "goal");
  refuse(config.stop.patience.has_value(), "patience");
  refuse(config.restore_best, "best weights");
  refuse(!config.cost.empty(), "threshold");
}

}  // namespace thalweg::lab
