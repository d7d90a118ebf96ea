// Trials and plans of studies as JSON: for files that processes share.
#pragma once

#include "store/study_data.h"

#include <nlohmann/json.hpp>

namespace thalweg::lab {

/// All of a trial but its id.
nlohmann::json trial_json(const TrialData& trial);
/// Throws thalweg::Error or nlohmann::json::exception for what is none.
TrialData trial_from(const nlohmann::json& json);

/// All of a study but its trials.
nlohmann::json plan_json(const StudyData& study);
/// Throws as trial_from.
StudyData plan_from(const nlohmann::json& json);

}  // namespace thalweg::lab
