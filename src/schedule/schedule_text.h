// Schedules as text and as JSON, also as a part of a description.
#pragma once

#include "checkpoint/json.h"
#include "text_reader.h"

#include <thalweg/schedule.h>

#include <string>

namespace thalweg::inline v0_1 {

/// Reads up to what cannot belong to a schedule.
Schedule read_schedule(TextReader& reader);

json::Value schedule_json(const Schedule& schedule);
/// Throws Error that begins with `what`.
Schedule read_schedule(const json::Value& json, const std::string& what);

}  // namespace thalweg::inline v0_1
