// Performance profiles: how often each optimizer is within a factor of the best, over several tasks.
#pragma once

#include <span>
#include <vector>

namespace thalweg::lab {

/// From this ratio on, up to the next step's, the share of tasks is so much.
struct ProfileStep {
  double ratio = 1;  ///< of an optimizer's cost to the least of all optimizers on the same task
  double share = 0;  ///< of tasks on which its ratio is no greater
};

/// A profile for each optimizer (Dolan and Moré 2002, "Benchmarking optimization software with performance profiles"):
/// its first step is at ratio 1, the others where its share grows, ascending. `costs[task][optimizer]`: epochs to the
/// goal, say; positive, +∞ where it was never reached, which is within no factor. A task that nobody solved counts
/// against all. Throws thalweg::Error where a task has not a cost for each optimizer, or one that is not positive.
std::vector<std::vector<ProfileStep>> performance_profiles(std::span<const std::vector<double>> costs);

}  // namespace thalweg::lab
