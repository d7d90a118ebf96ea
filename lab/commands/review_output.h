// What train and eval tell of a review alike: risk, effects of columns, drift, simple rivals, false alarms and misses.
#pragma once

#include "training/review.h"

#include <nlohmann/json.hpp>

namespace thalweg::lab {

/// Into JSON, for programs: what the review has of them.
void add_review(const Review& review, nlohmann::json& json);

/// For people, on stdout, a line each; without false alarms and misses, which are a table.
void print_review(const Review& review);

}  // namespace thalweg::lab
