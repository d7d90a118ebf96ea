// False alarms and misses for a terminal and for programs.
#pragma once

#include "output/table.h"
#include "training/detection.h"

#include <nlohmann/json.hpp>

namespace thalweg::lab {

/// A row for each of kShownThresholds.
Table detection_table(const Detection& detection);
/// Counts of examples, and of each threshold what came of them, with their names.
nlohmann::json detection_json(const Detection& detection);

}  // namespace thalweg::lab
