// UnitWatch: which units of hidden layers are ever other than 0.
#pragma once

#include "models/unit_counts.h"

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// Sees what stands behind the activations of hidden layers, batch after batch of an evaluation.
class UnitWatch {
 public:
  /// activations: [batch, units].
  void see(const std::string& layer, const torch::Tensor& activations);
  /// Of each layer, in the order in which it was first seen: its units, and how many were 0 in all examples.
  std::vector<UnitCounts> counts() const;

 private:
  std::vector<std::pair<std::string, torch::Tensor>> alive_;  // bool [units]
};

}  // namespace thalweg::lab
