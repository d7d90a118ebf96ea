// UnitCounts: a hidden layer's units, and those that are dead.
#pragma once

#include <cstdint>
#include <string>

namespace thalweg::lab {

/// Of a hidden layer whose activation gives 0 to much of what it gets (ReLU).
struct UnitCounts {
  std::string layer;       ///< its name in the model: `dense1`
  std::int64_t units = 0;  ///< that it has
  std::int64_t dead = 0;   ///< of these, units that were 0 for every example

  bool operator==(const UnitCounts&) const = default;
};

}  // namespace thalweg::lab
