// What is around the rules as JSON: in the head of a state, in descriptions, and in thalweg's own configurations.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/optimizer.h>

#include <string>
#include <string_view>

namespace thalweg::inline v0_1 {

/// The keys of kSettingsKeys.
void write_settings(const Settings& settings, json::Value& object);

/// Reads those keys that are there over `settings`. Throws Error that begins with `what` and names key, value and what
/// is allowed.
Settings read_settings(const json::Object& object, const std::string& what, Settings settings = {});

/// The keys that read_settings reads.
inline constexpr std::string_view kSettingsKeys[] = {"loss_scale",   "clip",  "average",      "step_count",
                                                     "accumulation", "check", "first_values", "dynamic_loss_scale"};
/// Those that there have been since the first version.
inline constexpr std::string_view kFirstSettingsKeys[] = {"loss_scale", "clip", "average", "step_count"};

}  // namespace thalweg::inline v0_1
