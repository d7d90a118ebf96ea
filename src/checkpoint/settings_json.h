// Loss scale, clipping and averaging as JSON: in the head of a state, and in thalweg's own configurations.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/optimizer.h>

#include <string>
#include <string_view>

namespace thalweg {

/// The keys of kSettingsKeys.
void write_settings(const Settings& settings, json::Value& object);

/// Reads those keys that are there; what is missing keeps its default. Throws Error that begins with `what` and names
/// key, value and what is allowed. `check` is what the settings get that the object says nothing of.
Settings read_settings(const json::Object& object, const std::string& what, Check check = Settings().check);

/// The keys that read_settings reads.
inline constexpr std::string_view kSettingsKeys[] = {"loss_scale", "clip",         "average",
                                                     "step_count", "accumulation", "dynamic_loss_scale"};
/// Those that there have been since the first version.
inline constexpr std::string_view kFirstSettingsKeys[] = {"loss_scale", "clip", "average", "step_count"};

}  // namespace thalweg
