// Computes performance profiles.
#include "study/performance_profile.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace thalweg::lab {

std::vector<std::vector<ProfileStep>> performance_profiles(std::span<const std::vector<double>> costs) {
  if (costs.empty()) return {};
  const std::size_t optimizers = costs[0].size();
  std::vector<std::vector<double>> ratios(optimizers);
  for (const std::vector<double>& task : costs) {
    if (task.size() != optimizers) {
      throw Error("performance_profiles: a task has " + std::to_string(task.size()) + " costs, another " +
                  std::to_string(optimizers));
    }
    for (const double cost : task)
      if (!(cost > 0)) throw Error("performance_profiles: cost = " + std::to_string(cost) + " is not above 0");
    const double best = *std::ranges::min_element(task);
    for (std::size_t i = 0; i < optimizers; ++i)
      if (std::isfinite(task[i])) ratios[i].push_back(task[i] / best);
  }
  std::vector<std::vector<ProfileStep>> profiles;
  for (std::vector<double>& own : ratios) {
    std::ranges::sort(own);
    std::vector<ProfileStep>& profile = profiles.emplace_back();
    profile.push_back({.ratio = 1, .share = 0});
    for (std::size_t solved = 0; solved < own.size(); ++solved) {
      if (own[solved] > profile.back().ratio) profile.push_back({.ratio = own[solved], .share = 0});
      profile.back().share = static_cast<double>(solved + 1) / static_cast<double>(costs.size());
    }
  }
  return profiles;
}

}  // namespace thalweg::lab
