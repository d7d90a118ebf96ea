// Objective: a task's loss with its gradient, and what its metrics are made of.
#pragma once

#include "data/dataset.h"
#include "tasks/metric.h"

#include <torch/types.h>

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

/// What a model says of examples, in their order.
struct Predictions {
  std::vector<double> numbers{};       ///< of numbers: in the target's own units
  std::vector<std::int64_t> labels{};  ///< of classes: the one with the highest probability (the first of equals)
  std::vector<float> probabilities{};  ///< examples × classes
};

/// What an objective takes from the training.
struct ObjectiveOptions {
  double target_mean = 0, target_deviation = 1;  ///< Scaling's
  std::vector<float> class_weights{};            ///< one a class; empty: all 1
};

/// One task on one target.
class Objective {
 public:
  virtual ~Objective() = default;
  /// What a model gives for an example: its last dimension.
  virtual std::int64_t outputs() const = 0;
  /// Scores outputs (f32, contiguous: [batch, outputs]; of characters [batch, length, outputs]) against the batch's
  /// target. If `gradient` is given (f32, shape of outputs, contiguous), it is filled with the gradient of the batch's
  /// mean loss. `ranked`: scores are kept, for metrics that need all of them.
  virtual Tally score(const torch::Tensor& outputs, const torch::Tensor& target, torch::Tensor* gradient,
                      bool ranked = false) const = 0;
  /// `loss`, and what else the sums give. A metric that has no value (R² of equal targets) is left out.
  virtual MetricValues values(const Tally& tally) const = 0;
  /// Adds what these outputs predict.
  virtual void predict(const torch::Tensor& outputs, Predictions& predictions) const = 0;
};

}  // namespace thalweg::lab
