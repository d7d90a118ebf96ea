// A study's result as JSON, for scripts.
#pragma once

#include "store/study_data.h"

#include <nlohmann/json.hpp>

namespace thalweg::lab {

/// `{"name", "command", "optimizers": [{"name", "options", "lr", "test_accuracy": {SEED: value}, "mean", "sd",
/// "interval", "diverged", "failed", "seconds"}], "warnings": […]}`; what there is no value for is null.
nlohmann::json summary_json(const StudyData& study);

}  // namespace thalweg::lab
