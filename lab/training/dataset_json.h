// What a model was trained on, as JSON: inputs, target, and by what other files are read alike.
#pragma once

#include "data/dataset.h"

#include <nlohmann/json.hpp>

namespace thalweg::lab {

/// `{"inputs": […], "target": {…}, "schema": …, "drawn": …}`: all of a data set but its examples.
nlohmann::json description_json(const Dataset& dataset);

/// The data set of this description, without examples. Throws thalweg::Error for what is none.
Dataset described_dataset(const nlohmann::json& json);

}  // namespace thalweg::lab
