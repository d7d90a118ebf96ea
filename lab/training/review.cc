// Reviews as JSON, and what they say of each class.
#include "training/review.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <limits>

namespace thalweg::lab {
namespace {

double share(double part, std::int64_t whole) {
  return whole > 0 ? part / static_cast<double>(whole) : std::numeric_limits<double>::quiet_NaN();
}

/// JSON has no NaN and no infinity.
double real(const nlohmann::json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

std::int64_t class_of(const nlohmann::json& json, const Review& review) {
  const std::int64_t index = json.get<std::int64_t>();
  if (index >= 0 && index < std::ssize(review.classes)) return index;
  throw Error(fmt::format("review: class {} of {}", index, review.classes.size()));
}

}  // namespace

double ClassScore::precision() const { return share(static_cast<double>(correct), predicted); }
double ClassScore::recall() const { return share(static_cast<double>(correct), examples); }
double ClassScore::f1() const { return share(2 * static_cast<double>(correct), examples + predicted); }

std::vector<ClassScore> class_scores(const Review& review) {
  std::vector<ClassScore> scores(review.classes.size());
  for (const Confusion& confusion : review.confusions) {
    scores[static_cast<std::size_t>(confusion.truth)].examples += confusion.count;
    scores[static_cast<std::size_t>(confusion.prediction)].predicted += confusion.count;
    if (confusion.truth == confusion.prediction)
      scores[static_cast<std::size_t>(confusion.truth)].correct += confusion.count;
  }
  return scores;
}

void to_json(nlohmann::json& json, const Review& review) {
  json = {{"examples", review.examples}};
  if (!review.classes.empty()) {
    json["classes"] = review.classes;
    json["confusions"] = nlohmann::json::array();
    for (const Confusion& each : review.confusions)
      json["confusions"].push_back({each.truth, each.prediction, each.count});
  }
  if (!review.pairs.empty()) {
    json["pairs"] = nlohmann::json::array();
    for (const NumberPair& pair : review.pairs) json["pairs"].push_back({pair.truth, pair.prediction});
  }
  if (!review.misses.empty()) {
    json["misses"] = nlohmann::json::array();
    for (const Miss& miss : review.misses) {
      json["misses"].push_back({{"row", miss.row},
                                {"truth", miss.truth},
                                {"prediction", miss.prediction},
                                {"probability", miss.probability},
                                {"inputs", miss.inputs},
                                {"picture", miss.picture}});
    }
  }
  if (review.detection) json["detection"] = *review.detection;
  if (!review.continuation.empty()) {
    json["prompt"] = review.prompt;
    json["continuation"] = review.continuation;
  }
  if (review.risk) json["risk"] = *review.risk;
  if (review.effects) json["effects"] = *review.effects;
  if (review.drift) json["drift"] = *review.drift;
  for (const Baseline& each : review.baselines)
    json["baselines"].push_back({{"name", each.name}, {"values", each.values}});
  if (!review.notes.empty()) json["notes"] = review.notes;
}

void from_json(const nlohmann::json& json, Review& review) {
  review = {};
  json.at("examples").get_to(review.examples);
  if (json.contains("classes")) json.at("classes").get_to(review.classes);
  if (json.contains("confusions")) {
    for (const nlohmann::json& each : json.at("confusions"))
      review.confusions.push_back({class_of(each.at(0), review), class_of(each.at(1), review), each.at(2)});
  }
  if (json.contains("pairs"))
    for (const nlohmann::json& pair : json.at("pairs")) review.pairs.push_back({real(pair.at(0)), real(pair.at(1))});
  if (json.contains("misses")) {
    for (const nlohmann::json& each : json.at("misses")) {
      Miss& miss = review.misses.emplace_back();
      each.at("row").get_to(miss.row);
      miss.truth =
          review.classes.empty() ? real(each.at("truth")) : static_cast<double>(class_of(each.at("truth"), review));
      miss.prediction = review.classes.empty() ? real(each.at("prediction"))
                                               : static_cast<double>(class_of(each.at("prediction"), review));
      miss.probability = real(each.at("probability"));
      each.at("inputs").get_to(miss.inputs);
      each.at("picture").get_to(miss.picture);
    }
  }
  if (json.contains("detection")) review.detection = json.at("detection").get<Detection>();
  if (json.contains("continuation")) {
    json.at("prompt").get_to(review.prompt);
    json.at("continuation").get_to(review.continuation);
  }
  if (json.contains("risk")) review.risk = json.at("risk").get<RiskReview>();
  if (json.contains("effects")) review.effects = json.at("effects").get<ColumnEffects>();
  if (json.contains("drift")) review.drift = json.at("drift").get<Drift>();
  if (json.contains("baselines")) {
    for (const nlohmann::json& each : json.at("baselines")) {
      Baseline& baseline = review.baselines.emplace_back(Baseline{.name = each.at("name").get<std::string>()});
      for (const auto& [metric, value] : each.at("values").items())
        baseline.values.emplace(find_metric(metric).name, real(value));
    }
  }
  if (json.contains("notes")) json.at("notes").get_to(review.notes);
}

}  // namespace thalweg::lab
