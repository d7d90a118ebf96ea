// What commands tell of risk.
#include "commands/risk_output.h"

#include "output/output.h"
#include "store/folder_lock.h"
#include "store/store.h"

#include <fmt/format.h>

#include <filesystem>

namespace thalweg::lab {

void add_risk_json(const Review& review, nlohmann::json& json) {
  if (review.risk) json["risk"] = measures_json(*review.risk);
  if (review.effects) json["effects"] = *review.effects;
  if (review.drift) json["drift"] = *review.drift;
}

std::vector<std::string> risk_lines(const Review& review) {
  std::vector<std::string> lines;
  if (review.risk) lines = risk_lines(*review.risk);
  if (review.effects)
    if (std::string line = effects_line(*review.effects); !line.empty()) lines.push_back(std::move(line));
  if (review.drift) lines.push_back(drift_line(*review.drift));
  return lines;
}

std::optional<CostReview> costs_of_run(const TrainingConfig& config, const std::string& folder) {
  if (config.cost.empty()) return std::nullopt;
  const std::filesystem::path file = std::filesystem::path(folder) / kStudyFile;
  const bool exists = std::filesystem::exists(file);
  if (exists) {
    for (const TrialData& trial : Store::open_for_reading(file).load().trials)
      if (trial.result && trial.result->review && trial.result->review->risk) return trial.result->review->risk->cost;
  }
  print_message("{}: its --cost {} has no threshold, since {}: nothing is decided\n", folder, config.cost,
                exists ? "the run has not been tested yet" : fmt::format("there is no {} in it", kStudyFile));
  return std::nullopt;
}

}  // namespace thalweg::lab
