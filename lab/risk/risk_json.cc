// RiskReview as JSON: as stores keep it, and for programs.
#include "risk/risk.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <cmath>

namespace thalweg::lab {
namespace {

nlohmann::json optional(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? nlohmann::json(*value) : nlohmann::json();
}

void read(const nlohmann::json& json, const char* key, std::optional<double>& value) {
  if (json.contains(key) && !json.at(key).is_null()) value = json.at(key).get<double>();
}

double finite(const nlohmann::json& json, const char* key) {
  const double value = json.at(key).is_null() ? NAN : json.at(key).get<double>();
  if (!std::isfinite(value)) throw Error(fmt::format("risk: {} is no number", key));
  return value;
}

std::int64_t count(const nlohmann::json& json, const char* key, std::int64_t most) {
  const std::int64_t value = json.at(key).get<std::int64_t>();
  if (value < 0 || value > most) throw Error(fmt::format("risk: {} = {} is outside [0, {}]", key, value, most));
  return value;
}

nlohmann::json decided_json(const Decided& decided) {
  return {{"threshold", decided.threshold},
          {"true_positives", decided.true_positives},
          {"false_positives", decided.false_positives},
          {"false_negatives", decided.false_negatives},
          {"true_negatives", decided.true_negatives}};
}

Decided decided_of(const nlohmann::json& json, std::int64_t examples) {
  return {.threshold = finite(json, "threshold"),
          .true_positives = count(json, "true_positives", examples),
          .false_positives = count(json, "false_positives", examples),
          .false_negatives = count(json, "false_negatives", examples),
          .true_negatives = count(json, "true_negatives", examples)};
}

nlohmann::json bin_json(const CalibrationBin& bin) {
  return {{"examples", bin.examples},
          {"positives", bin.positives},
          {"mean_probability", bin.mean_probability},
          {"least", bin.least},
          {"greatest", bin.greatest}};
}

/// What both forms have.
nlohmann::json common(const RiskReview& review) {
  nlohmann::json json{{"positive", review.positive},
                      {"examples", review.examples},
                      {"positives", review.positives},
                      {"auc", optional(review.auc)},
                      {"log_loss", review.log_loss},
                      {"brier", review.brier},
                      {"brier_skill", optional(review.brier_skill)},
                      {"mean_probability", review.mean_probability},
                      {"calibration", nlohmann::json::array()}};
  for (const CalibrationBin& bin : review.curve) json["calibration"].push_back(bin_json(bin));
  return json;
}

constexpr std::int64_t kMostExamples = std::int64_t{1} << 53;

}  // namespace

void to_json(nlohmann::json& json, const RiskReview& review) {
  json = common(review);
  json["auc_variance"] = optional(review.auc_variance);
  json["of_positives"] = review.of_positives;
  json["of_negatives"] = review.of_negatives;
  if (!review.cost) return;
  const CostReview& cost = *review.cost;
  json["cost"] = {{"false_negative", cost.costs.false_negative},
                  {"false_positive", cost.costs.false_positive},
                  {"chosen", decided_json(cost.chosen)},
                  {"validation_cost", cost.validation_cost},
                  {"validation_examples", cost.validation_examples},
                  {"theoretical", decided_json(cost.theoretical)},
                  {"half", decided_json(cost.half)}};
}

void from_json(const nlohmann::json& json, RiskReview& review) {
  review = {};
  json.at("positive").get_to(review.positive);
  review.examples = count(json, "examples", kMostExamples);
  review.positives = count(json, "positives", review.examples);
  read(json, "auc", review.auc);
  read(json, "auc_variance", review.auc_variance);
  review.log_loss = finite(json, "log_loss");
  review.brier = finite(json, "brier");
  read(json, "brier_skill", review.brier_skill);
  review.mean_probability = finite(json, "mean_probability");
  for (const nlohmann::json& each : json.at("calibration")) {
    CalibrationBin bin{.examples = count(each, "examples", review.examples),
                       .mean_probability = finite(each, "mean_probability"),
                       .least = finite(each, "least"),
                       .greatest = finite(each, "greatest")};
    bin.positives = count(each, "positives", bin.examples);
    if (bin.examples == 0) throw Error("risk: a bin of no examples");
    review.curve.push_back(bin);
  }
  json.at("of_positives").get_to(review.of_positives);
  json.at("of_negatives").get_to(review.of_negatives);
  if (!json.contains("cost")) return;
  const nlohmann::json& own = json.at("cost");
  CostReview& cost = review.cost.emplace();
  cost.costs = {.false_negative = finite(own, "false_negative"), .false_positive = finite(own, "false_positive")};
  if (!(cost.costs.false_negative > 0 && cost.costs.false_positive > 0)) throw Error("risk: costs must be above 0");
  cost.chosen = decided_of(own.at("chosen"), review.examples);
  cost.validation_cost = finite(own, "validation_cost");
  cost.validation_examples = count(own, "validation_examples", kMostExamples);
  cost.theoretical = decided_of(own.at("theoretical"), review.examples);
  cost.half = decided_of(own.at("half"), review.examples);
}

nlohmann::json measures_json(const RiskReview& review) {
  nlohmann::json json = common(review);
  const std::optional<Interval> interval = review.auc_interval();
  json["auc_interval"] = interval ? nlohmann::json{interval->low, interval->high} : nlohmann::json();
  json["calibration_error"] = review.calibration_error();
  for (std::size_t i = 0; i < review.curve.size(); ++i) {
    const Interval share = review.curve[i].interval();
    json["calibration"][i].update({{"share", review.curve[i].share()}, {"interval", {share.low, share.high}}});
  }
  if (!review.cost) return json;
  const CostReview& cost = *review.cost;
  const auto with_cost = [&](const Decided& decided) {
    nlohmann::json own = decided_json(decided);
    own["cost"] = decided.cost(cost.costs);
    return own;
  };
  json["cost"] = {{"costs", to_string(cost.costs)},
                  {"chosen", with_cost(cost.chosen)},
                  {"validation_cost", cost.validation_cost},
                  {"validation_examples", cost.validation_examples},
                  {"theoretical", with_cost(cost.theoretical)},
                  {"half", with_cost(cost.half)},
                  {"cost_of_all", cost.cost_of_all()},
                  {"cost_of_none", cost.cost_of_none()}};
  return json;
}

}  // namespace thalweg::lab
