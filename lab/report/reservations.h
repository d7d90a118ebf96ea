// Reservations: why a study that shows a difference names no winner.
#pragma once

#include "report/summary.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// A sentence each; none means that the best optimizer may be called the winner if the intervals say so.
/// docs/statistics.md lists them. `name` as in headline().
std::vector<std::string> reservations(const Summary& summary, const std::function<std::string(std::string_view)>& name);

/// `they differ in the grid of learning rates and tuning seeds`.
std::string differing(const Apart& apart);

/// `20 of 32 final trials are done`, or of the tuning trials as long as no final one is planned.
std::string progress_of(const Summary& summary);

}  // namespace thalweg::lab
