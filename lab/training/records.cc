// The JSON form of what a training run reports.
#include "training/records.h"

#include "training/json_reader.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace thalweg::lab {

namespace {

constexpr std::array<std::pair<Outcome, const char*>, 4> kOutcomes{{{Outcome::completed, "completed"},
                                                                    {Outcome::stopped, "stopped"},
                                                                    {Outcome::diverged, "diverged"},
                                                                    {Outcome::interrupted, "interrupted"}}};

Outcome outcome_of(const std::string& name) {
  for (const auto& [outcome, text] : kOutcomes) {
    if (name == text) return outcome;
  }
  throw Error(fmt::format("unknown outcome '{}'", name));
}

// JSON has no NaN and no infinity: they become null, and null a NaN again.
double number(const nlohmann::json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

// Steps and epochs.
std::int64_t whole(const nlohmann::json& json, const char* key) {
  if (!json_holds<std::int64_t>(json) || json.get<std::int64_t>() < 0) {
    throw Error(fmt::format("{} is not a whole number from 0", key));
  }
  return json.get<std::int64_t>();
}

nlohmann::json optional_json(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

std::optional<double> optional_number(const nlohmann::json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<double>();
}

}  // namespace

std::string to_string(Outcome outcome) {
  for (const auto& [known, text] : kOutcomes) {
    if (known == outcome) return text;
  }
  return "unknown";
}

std::string loss_text(double loss) {
  constexpr double kLong = 1e5;
  if (std::isnan(loss)) return "nan";  // its sign means nothing
  return std::abs(loss) < kLong ? fmt::format("{:.4f}", loss) : fmt::format("{:.4g}", loss);
}

void to_json(nlohmann::json& json, const StepRecord& record) {
  json = {{"step", record.step}, {"loss", record.loss}, {"lr", record.lr}};
}

void from_json(const nlohmann::json& json, StepRecord& record) {
  record.step = whole(json.at("step"), "step");
  record.loss = number(json.at("loss"));
  record.lr = number(json.at("lr"));
}

void to_json(nlohmann::json& json, const EpochRecord& record) {
  json = {{"epoch", record.epoch},
          {"step", record.step},
          {"lr", record.lr},
          {"train_loss", record.train_loss},
          {"train_accuracy", record.train_accuracy},
          {"validation_loss", optional_json(record.validation_loss)},
          {"validation_accuracy", optional_json(record.validation_accuracy)},
          {"seconds", record.seconds},
          {"images_per_second", record.images_per_second}};
}

void from_json(const nlohmann::json& json, EpochRecord& record) {
  record.epoch = whole(json.at("epoch"), "epoch");
  record.step = whole(json.at("step"), "step");
  record.lr = number(json.at("lr"));
  record.train_loss = number(json.at("train_loss"));
  record.train_accuracy = number(json.at("train_accuracy"));
  record.validation_loss = optional_number(json.at("validation_loss"));
  record.validation_accuracy = optional_number(json.at("validation_accuracy"));
  record.seconds = number(json.at("seconds"));
  record.images_per_second = number(json.at("images_per_second"));
}

void to_json(nlohmann::json& json, const TrainingResult& result) {
  json = {{"outcome", to_string(result.outcome)},
          {"reason", result.reason},
          {"epochs", result.epochs},
          {"steps", result.steps},
          {"test_loss", optional_json(result.test_loss)},
          {"test_accuracy", optional_json(result.test_accuracy)},
          {"seconds", result.seconds}};
}

void from_json(const nlohmann::json& json, TrainingResult& result) {
  result.outcome = outcome_of(json.at("outcome").get<std::string>());
  json.at("reason").get_to(result.reason);
  result.epochs = whole(json.at("epochs"), "epochs");
  result.steps = whole(json.at("steps"), "steps");
  result.test_loss = optional_number(json.at("test_loss"));
  result.test_accuracy = optional_number(json.at("test_accuracy"));
  result.seconds = number(json.at("seconds"));
}

}  // namespace thalweg::lab
