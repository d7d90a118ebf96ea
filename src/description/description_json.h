// Descriptions as JSON, also as a part of a state.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/description.h>

#include <string>

namespace thalweg::inline v0_1 {

json::Value description_json(const Description& description);
/// Throws Error that begins with `what`.
Description read_description(const json::Value& json, const std::string& what);

}  // namespace thalweg::inline v0_1
