// Objective: a task's loss with its gradient, and what it predicts.
#pragma once

#include "data/dataset.h"
#include "tasks/metric.h"
#include "tasks/tally.h"

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace thalweg::lab {

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
