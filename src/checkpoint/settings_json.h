// Loss scale, clipping and averaging as JSON: in the head of a state, and in thalweg's own configurations.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/optimizer.h>

#include <string>
#include <string_view>

namespace thalweg {

std::string_view to_string(StepCount step_count);

/// The keys `loss_scale`, `clip`, `average` and `step_count`.
void write_settings(const Settings& settings, json::Value& object);

/// Reads those keys that are there; what is missing keeps its default. Throws Error that begins with `what` and names
/// key, value and what is allowed.
Settings read_settings(const json::Object& object, const std::string& what);

/// The keys that read_settings reads.
inline constexpr std::string_view kSettingsKeys[] = {"loss_scale", "clip", "average", "step_count"};

}  // namespace thalweg
