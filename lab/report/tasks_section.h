// The section over several tasks: performance profiles.
#pragma once

#include "report/summary.h"

#include <nlohmann/json.hpp>

#include <span>
#include <string>

namespace thalweg::lab {

/// How often each optimizer is within a factor of the fastest, over the tasks of these summaries: those of at least two
/// optimizers that all of the tasks share, by name, and of one summary a task. What page.js draws is added to `pages`.
/// Empty for fewer than two tasks or common optimizers.
std::string tasks_html(std::span<const Summary> summaries, nlohmann::json& pages);

}  // namespace thalweg::lab
