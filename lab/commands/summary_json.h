// A study's result as JSON, for scripts.
#pragma once

#include "store/study_data.h"

#include <nlohmann/json.hpp>

namespace thalweg::lab {

/// `{"name", "command", "task", "metric", "optimizers": [{"name", "options", "lr", "lr_at_edge", "test": {SEED: value},
/// "mean", "sd", "interval", "interval_level", "diverged", "failed", "seconds"}], "pairs": [{"first", "second",
/// "seeds", "difference", "interval", "interval_level", "ahead"}], "verdict": {"sentence", "detail", "reserve",
/// "limits", "winner", "finished"}, "warnings": […]}`; what there is no value for is null. `winner` is null wherever
/// the report names none.
nlohmann::json summary_json(const StudyData& study);

}  // namespace thalweg::lab
