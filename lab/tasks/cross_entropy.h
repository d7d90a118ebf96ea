// Cross-entropy of logits, with its gradient and the hits from one pass.
#pragma once

#include "tasks/objective.h"

#include <torch/types.h>

#include <cstdint>
#include <span>

namespace thalweg::lab {

struct CrossEntropy {
  double loss = 0;           ///< sum over the rows of −weight · log softmax(logits)[label], in nats
  std::int64_t correct = 0;  ///< rows whose label has the highest logit (the first of equals)
  double weight = 0;         ///< sum of the rows' weights: their number without weights
};

/// Of logits (f32, [rows, classes], contiguous) against labels (int64, rows of them). `weights`: one a class, or none.
/// If `gradient` is given (f32, shape of logits, contiguous), it is filled with the gradient of the weighted mean:
/// (softmax − one-hot) · weight / sum of weights.
///
/// One loop over a few hundred numbers: LibTorch's operators would spend ten times as long on dispatch and autograd's
/// bookkeeping, and the hits would need a pass of their own.
CrossEntropy cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, torch::Tensor* gradient = nullptr,
                           std::span<const float> weights = {});

/// Adds each row's label and its classes' probabilities; those beyond `classes`, which earlier versions gave their
/// models, are left out.
void add_predictions(const torch::Tensor& logits, std::int64_t classes, Predictions& predictions);

}  // namespace thalweg::lab
