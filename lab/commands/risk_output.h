// What commands tell of risk, effects of columns and drift, and the threshold that a run has chosen.
#pragma once

#include "risk/risk.h"
#include "training/config.h"
#include "training/review.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Adds `risk`, `effects` and `drift` where the review has them.
void add_risk_json(const Review& review, nlohmann::json& json);

/// A line each.
std::vector<std::string> risk_lines(const Review& review);

/// What decisions cost when the run in this folder was tested, whose threshold goes on being used: from its records.
/// Nothing where its configuration has no costs, and, with a message that says so, where its records have no threshold.
std::optional<CostReview> costs_of_run(const TrainingConfig& config, const std::string& folder);

}  // namespace thalweg::lab
