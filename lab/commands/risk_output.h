// What commands tell of risk, effects of columns and drift, and the threshold that a run has chosen.
#pragma once

#include "risk/risk.h"
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
/// Nothing where the run has not ended, or has no costs.
std::optional<CostReview> costs_of_run(const std::string& folder);

}  // namespace thalweg::lab
