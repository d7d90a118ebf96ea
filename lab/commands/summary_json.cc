// A study's result as JSON.
#include "commands/summary_json.h"

#include "report/summary.h"

#include <cmath>
#include <span>

namespace thalweg::lab {
namespace {

nlohmann::json optional(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? nlohmann::json(*value) : nlohmann::json();
}

nlohmann::json to_json(const Competitor& competitor) {
  nlohmann::json accuracies = nlohmann::json::object();
  for (const auto& [seed, accuracy] : competitor.test_accuracy) accuracies[std::to_string(seed)] = accuracy;
  nlohmann::json interval;
  if (competitor.interval) interval = {competitor.interval->low, competitor.interval->high};
  return {{"name", competitor.name},
          {"options", competitor.options},
          {"lr", competitor.lr},
          {"test_accuracy", accuracies},
          {"mean", optional(competitor.mean)},
          {"sd", optional(competitor.sd)},
          {"interval", interval},
          {"diverged", competitor.diverged},
          {"failed", competitor.failed},
          {"seconds", optional(competitor.run_seconds)}};
}

}  // namespace

nlohmann::json summary_json(const StudyData& study) {
  nlohmann::json optimizers = nlohmann::json::array(), warnings = nlohmann::json::array();
  for (const Summary& summary : summarize(std::span(&study, 1))) {
    for (const Competitor& competitor : summary.competitors) optimizers.push_back(to_json(competitor));
    for (const std::string& warning : summary.warnings) warnings.push_back(warning);
  }
  return {{"name", study.name}, {"command", study.command}, {"optimizers", optimizers}, {"warnings", warnings}};
}

}  // namespace thalweg::lab
