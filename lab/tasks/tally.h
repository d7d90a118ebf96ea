// Tally: what a task's metrics are made of.
#pragma once

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// Sums over the examples of one or more batches, of which a task makes its metrics.
struct Tally {
  double loss = 0;              ///< sum over the examples
  std::int64_t examples = 0;    ///< as Task::example counts them
  std::vector<double> sums{};   ///< the task's own
  std::vector<float> scores{};  ///< of two classes, where they were asked for: the second one's logit minus the first's
  std::vector<char> positive{};  ///< is the example of the second class?

  double mean_loss() const { return examples > 0 ? loss / static_cast<double>(examples) : 0; }
  Tally& operator+=(const Tally& other);
};

}  // namespace thalweg::lab
