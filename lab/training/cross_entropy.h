// Cross-entropy of logits, with accuracy and gradient from one pass.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace thalweg::lab {

/// Sums over the images of one or more batches.
struct Score {
  double loss = 0;  ///< sum of −log softmax(logits)[label], in nats
  std::int64_t correct = 0;
  std::int64_t images = 0;

  double mean_loss() const { return images > 0 ? loss / static_cast<double>(images) : 0; }
  double accuracy() const { return images > 0 ? static_cast<double>(correct) / static_cast<double>(images) : 0; }
  Score& operator+=(const Score& other);
};

/// Scores logits (f32, [batch, classes], contiguous) against labels (int64, [batch]). An image counts as correct if its
/// label has the highest logit (the first of equals). If `gradient` is given (f32, shape of logits, contiguous), it is
/// filled with the gradient of the batch's mean loss: (softmax − one-hot) / batch.
///
/// One loop over a few hundred numbers: LibTorch's operators would spend ten times as long on dispatch and autograd's
/// bookkeeping, and the score would need a pass of its own.
Score cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, torch::Tensor* gradient = nullptr);

}  // namespace thalweg::lab
