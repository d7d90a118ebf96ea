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

constexpr std::array<std::pair<Outcome, const char*>, 5> kOutcomes{{{Outcome::completed, "completed"},
                                                                    {Outcome::stopped, "stopped"},
                                                                    {Outcome::diverged, "diverged"},
                                                                    {Outcome::interrupted, "interrupted"},
                                                                    {Outcome::pruned, "pruned"}}};

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

nlohmann::json values_json(const std::optional<MetricValues>& values) {
  return values ? nlohmann::json(*values) : nlohmann::json(nullptr);
}

MetricValues metric_values(const nlohmann::json& json) {
  MetricValues values;
  for (const auto& [name, value] : json.items()) values.emplace(find_metric(name).name, number(value));
  return values;
}

// As it was written when all trainings were classifications: a key for each value.
std::optional<MetricValues> values_of_old_files(const nlohmann::json& json, const std::string& part) {
  MetricValues values;
  for (const char* const metric : {"loss", "accuracy"}) {
    const nlohmann::json& value = json.at(part + "_" + metric);
    if (!value.is_null()) values.emplace(metric, value.get<double>());
  }
  return values.empty() ? std::nullopt : std::optional(std::move(values));
}

std::optional<MetricValues> read_values(const nlohmann::json& json, const std::string& part) {
  if (!json.contains(part)) return values_of_old_files(json, part);
  return json.at(part).is_null() ? std::nullopt : std::optional(metric_values(json.at(part)));
}

}  // namespace

std::string to_string(Outcome outcome) {
  for (const auto& [known, text] : kOutcomes) {
    if (known == outcome) return text;
  }
  return "unknown";
}

Outcome outcome_of(const std::string& name) {
  for (const auto& [outcome, text] : kOutcomes) {
    if (name == text) return outcome;
  }
  throw Error(fmt::format("unknown outcome '{}'", name));
}

void to_json(nlohmann::json& json, const StepRecord& record) {
  json = {{"step", record.step}, {"loss", record.loss}, {"lr", record.lr}};
}

void from_json(const nlohmann::json& json, StepRecord& record) {
  record.step = whole(json.at("step"), "step");
  record.loss = number(json.at("loss"));
  record.lr = number(json.at("lr"));
}

void to_json(nlohmann::json& json, const DiagnosticRecord& record) {
  json = {{"step", record.step},
          {"gradient_norm", record.gradient_norm},
          {"clipped_norm", record.clipped_norm},
          {"greatest_norm", record.greatest_norm},
          {"layers", nlohmann::json::array()}};
  for (const LayerRecord& layer : record.layers) {
    json["layers"].push_back({{"parameter", layer.parameter},
                              {"elements", layer.elements},
                              {"gradient_norm", layer.gradient_norm},
                              {"parameter_norm", layer.parameter_norm},
                              {"update_norm", layer.update_norm},
                              {"zero_share", layer.zero_share},
                              {"non_finite", layer.non_finite}});
  }
}

void from_json(const nlohmann::json& json, DiagnosticRecord& record) {
  record.step = whole(json.at("step"), "step");
  record.gradient_norm = number(json.at("gradient_norm"));
  record.clipped_norm = number(json.at("clipped_norm"));
  record.greatest_norm = number(json.at("greatest_norm"));
  record.layers.clear();
  for (const nlohmann::json& layer : json.at("layers")) {
    record.layers.push_back({.parameter = layer.at("parameter").get<std::string>(),
                             .elements = whole(layer.at("elements"), "elements"),
                             .gradient_norm = number(layer.at("gradient_norm")),
                             .parameter_norm = number(layer.at("parameter_norm")),
                             .update_norm = number(layer.at("update_norm")),
                             .zero_share = number(layer.at("zero_share")),
                             .non_finite = whole(layer.at("non_finite"), "non_finite")});
  }
}

void to_json(nlohmann::json& json, const EpochRecord& record) {
  json = {{"epoch", record.epoch},
          {"step", record.step},
          {"lr", record.lr},
          {"train", record.train},
          {"validation", values_json(record.validation)},
          {"seconds", record.seconds},
          {"examples_per_second", record.examples_per_second},
          {"units", nlohmann::json::array()}};
  for (const UnitCounts& counts : record.units)
    json["units"].push_back({{"layer", counts.layer}, {"units", counts.units}, {"dead", counts.dead}});
}

void from_json(const nlohmann::json& json, EpochRecord& record) {
  record.epoch = whole(json.at("epoch"), "epoch");
  record.step = whole(json.at("step"), "step");
  record.lr = number(json.at("lr"));
  record.train = read_values(json, "train").value_or(MetricValues{});
  record.validation = read_values(json, "validation");
  record.seconds = number(json.at("seconds"));
  record.examples_per_second =
      number(json.at(json.contains("train_loss") ? "images_per_second" : "examples_per_second"));
  record.units.clear();
  if (!json.contains("units")) return;
  for (const nlohmann::json& counts : json.at("units")) {
    record.units.push_back({.layer = counts.at("layer").get<std::string>(),
                            .units = whole(counts.at("units"), "units"),
                            .dead = whole(counts.at("dead"), "dead")});
  }
}

void to_json(nlohmann::json& json, const TrainingResult& result) {
  json = {{"outcome", to_string(result.outcome)},
          {"reason", result.reason},
          {"epochs", result.epochs},
          {"steps", result.steps},
          {"test", values_json(result.test)},
          {"seconds", result.seconds}};
  if (result.review) json["review"] = *result.review;
}

void from_json(const nlohmann::json& json, TrainingResult& result) {
  result.outcome = outcome_of(json.at("outcome").get<std::string>());
  json.at("reason").get_to(result.reason);
  result.epochs = whole(json.at("epochs"), "epochs");
  result.steps = whole(json.at("steps"), "steps");
  result.test = read_values(json, "test");
  result.seconds = number(json.at("seconds"));
  result.review.reset();
  if (json.contains("review")) result.review = json.at("review").get<Review>();
}

}  // namespace thalweg::lab
