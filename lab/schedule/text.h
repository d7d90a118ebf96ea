// Schedules for a terminal, and as JSON.
#pragma once

#include "schedule/curve.h"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace thalweg::lab {

/// `factor` or `rate`: what a curve's numbers are.
std::string unit_of(const Curve& curve);
/// `11,000 steps: factor 0.002 at first, 1 at its highest (step 500), 0 at last`.
std::string summary_of(const Curve& curve);

/// What they are, a chart and a table, for a terminal that is so wide. The curves are of the same steps.
std::string schedule_text(std::span<const Curve> curves, std::size_t width);

/// An object, of several curves a list of them: the schedule and its rates, of at most 1000 steps.
nlohmann::ordered_json schedule_json(std::span<const Curve> curves);

}  // namespace thalweg::lab
