// Kinds of schedules: their fields, and the factor of each.
#pragma once

#include "fields.h"

#include <thalweg/schedule.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg::inline v0_1 {

/// Of one schedule. As JSON they stand in each other, which may be json::kMostDepth deep, also inside something else.
inline constexpr std::size_t kMostParts = 100;

/// Throws Error, which begins with `what`, if there are more parts.
void check_number_of_parts(std::size_t parts, const std::string& what);

/// The kind's name.
std::string_view name_of(const Schedule::Kind& kind);

/// The kind's options. Refer to `kind`.
Fields fields_of(Schedule::Kind& kind);

/// A kind of this name with its defaults. Throws Error, which begins with `what` and suggests the nearest names.
Schedule::Kind kind_of(std::string_view name, const std::string& what);

/// Throws Error, which begins with `what`, if numbers do not go together.
void check_together(const Schedule::Kind& kind, const std::string& what);

/// The kind's `steps`, or nullptr if it has none.
double* steps_of(Schedule::Kind& kind);
const double* steps_of(const Schedule::Kind& kind);
/// Does it begin behind a warm-up?
bool begins_behind_warmup(const Schedule::Kind& kind);

/// The factor at k ≥ 0 ticks. A plateau's is 1: it follows no ticks.
double factor_at(const Schedule::Kind& kind, double k);

}  // namespace thalweg::inline v0_1
