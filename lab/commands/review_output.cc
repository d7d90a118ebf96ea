// Tells of a review.
#include "commands/review_output.h"

#include "commands/detection_output.h"
#include "commands/risk_output.h"
#include "output/output.h"
#include "tasks/metric.h"

#include <fmt/format.h>

#include <string>

namespace thalweg::lab {
namespace {

/// A line for each simple rival, and for each note on how metrics were measured; empty where there are none.
std::string baselines_text(const Review& review) {
  std::string text;
  for (const Baseline& baseline : review.baselines) {
    text += "beside it, " + baseline.name + ":";
    for (const auto& [name, value] : baseline.values) {
      const Metric& metric = find_metric(name);
      text += fmt::format("  {} {}", metric.title, value_text(metric, value));
    }
    text += "\n";
  }
  for (const std::string& note : review.notes) text += note + "\n";
  return text;
}

void add_baselines(const Review& review, nlohmann::json& json) {
  if (review.baselines.empty() && review.notes.empty()) return;
  json["baselines"] = nlohmann::json::array();
  for (const Baseline& each : review.baselines)
    json["baselines"].push_back({{"name", each.name}, {"values", each.values}});
  json["notes"] = review.notes;
}

}  // namespace

void add_review(const Review& review, nlohmann::json& json) {
  add_risk_json(review, json);
  add_baselines(review, json);
  if (review.detection) json["detection"] = detection_json(*review.detection);
}

void print_review(const Review& review) {
  for (const std::string& line : risk_lines(review)) print("{}\n", line);
  print_lines(baselines_text(review));
}

}  // namespace thalweg::lab
