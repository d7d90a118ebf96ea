// Counts the units that are ever other than 0.
#include "models/unit_watch.h"

#include <algorithm>

namespace thalweg::lab {

void UnitWatch::see(const std::string& layer, const torch::Tensor& activations) {
  torch::Tensor alive = (activations != 0).any(0);
  const auto known = std::ranges::find(alive_, layer, &std::pair<std::string, torch::Tensor>::first);
  if (known == alive_.end()) {
    alive_.emplace_back(layer, std::move(alive));
  } else {
    known->second.logical_or_(alive);
  }
}

std::vector<UnitCounts> UnitWatch::counts() const {
  std::vector<UnitCounts> counts;
  for (const auto& [layer, alive] : alive_) {
    const std::int64_t units = alive.numel();
    counts.push_back({.layer = layer, .units = units, .dead = units - alive.sum().item<std::int64_t>()});
  }
  return counts;
}

}  // namespace thalweg::lab
