// TrainingConfig: its JSON form and the ranges of its values.
#include "training/config.h"

#include "training/json_reader.h"
#include "training/optimizer.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace thalweg::lab {

namespace {

template <class T>
nlohmann::json optional_json(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

template <class T>
void require(bool allowed, const char* name, const T& value, const char* range) {
  if (!allowed) throw Error(fmt::format("{} = {} is outside {}", name, value, range));
}

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

void check(const StopConditions& stop) {
  require(stop.epochs >= 1, "epochs", stop.epochs, "[1, ∞)");
  if (stop.steps) require(*stop.steps >= 1, "steps", *stop.steps, "[1, ∞)");
  if (stop.seconds) require(*stop.seconds > 0 && std::isfinite(*stop.seconds), "seconds", *stop.seconds, "(0, ∞)");
  if (stop.target_accuracy) {
    require(*stop.target_accuracy > 0 && *stop.target_accuracy <= 1, "target accuracy", *stop.target_accuracy,
            "(0, 1]");
  }
  if (stop.patience) require(*stop.patience >= 1, "patience", *stop.patience, "[1, ∞)");
  require(stop.tolerance >= 0 && std::isfinite(stop.tolerance), "tolerance", stop.tolerance, "[0, ∞)");
}

}  // namespace

void to_json(nlohmann::json& json, const TrainingConfig& config) {
  json = {{"model", config.model},
          {"dense", config.dense},
          {"data", config.data},
          {"optimizer", config.optimizer},
          {"schedule", config.schedule.text()},
          {"stop",
           {{"epochs", config.stop.epochs},
            {"steps", optional_json(config.stop.steps)},
            {"seconds", optional_json(config.stop.seconds)},
            {"target_accuracy", optional_json(config.stop.target_accuracy)},
            {"patience", optional_json(config.stop.patience)},
            {"tolerance", config.stop.tolerance}}},
          {"batch", config.batch},
          {"seed", config.seed},
          {"threads", config.threads},
          {"validation_fraction", config.validation_fraction},
          {"split_seed", config.split_seed},
          {"train_limit", config.train_limit},
          {"test_limit", config.test_limit},
          {"test_at_end", config.test_at_end}};
}

void from_json(const nlohmann::json& json, TrainingConfig& config) {
  TrainingConfig read;
  JsonReader reader(json, "training");
  reader.read("model", read.model);
  reader.read("dense", read.dense);
  reader.read("data", read.data);
  reader.read("optimizer", read.optimizer);
  reader.read("schedule", [&](const nlohmann::json& schedule) {
    read.schedule =
        schedule.is_string() ? parse_schedule(schedule.get<std::string>()) : schedule_of_old_files(schedule);
  });
  reader.read("stop", [&](const nlohmann::json& part) {
    JsonReader stop(part, "training stop");
    stop.read("epochs", read.stop.epochs);
    stop.read("steps", read.stop.steps);
    stop.read("seconds", read.stop.seconds);
    stop.read("target_accuracy", read.stop.target_accuracy);
    stop.read("patience", read.stop.patience);
    stop.read("tolerance", read.stop.tolerance);
    stop.finish();
  });
  reader.read("batch", read.batch);
  reader.read("seed", read.seed);
  reader.read("threads", read.threads);
  reader.read("validation_fraction", read.validation_fraction);
  reader.read("split_seed", read.split_seed);
  reader.read("train_limit", read.train_limit);
  reader.read("test_limit", read.test_limit);
  reader.read("test_at_end", read.test_at_end);
  reader.finish();
  check(read);
  config = std::move(read);
}

void check(const TrainingConfig& config) {
  for (const std::int64_t width : config.dense) require(width >= 1, "dense width", width, "[1, ∞)");
  require(config.batch >= 1, "batch", config.batch, "[1, ∞)");
  require(config.threads >= 0 && config.threads <= kMostThreads, "threads", config.threads, "[0, 1024]");
  require(config.validation_fraction >= 0 && config.validation_fraction <= 0.5, "validation fraction",
          config.validation_fraction, "[0, 0.5]");
  require(config.train_limit >= 0, "training image limit", config.train_limit, "[0, ∞)");
  require(config.test_limit >= 0, "test image limit", config.test_limit, "[0, ∞)");
  check(config.stop);
  if (config.validation_fraction == 0 && optimizer_of(config).schedule->needs_metric()) {
    throw Error(
        "validation fraction = 0 leaves nothing for the schedule's metric, the validation loss, to be measured on");
  }
  if (config.validation_fraction == 0 && (config.stop.target_accuracy || config.stop.patience)) {
    throw Error(fmt::format("validation fraction = 0 leaves nothing for the {} to be measured on",
                            config.stop.target_accuracy ? "target accuracy" : "patience"));
  }
}

}  // namespace thalweg::lab
