// Cross-entropy of logits, with its gradient and the hits from one pass.
#include "tasks/cross_entropy.h"

#include <cmath>
#include <cstddef>

namespace thalweg::lab {

CrossEntropy cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, torch::Tensor* gradient,
                           std::span<const float> weights) {
  const std::int64_t rows = labels.numel(), classes = logits.size(-1);
  const float* z = logits.data_ptr<float>();
  const std::int64_t* label = labels.data_ptr<std::int64_t>();
  float* g = gradient != nullptr ? gradient->data_ptr<float>() : nullptr;
  const auto weight_of = [&](std::int64_t row) {
    return weights.empty() ? 1.0f : weights[static_cast<std::size_t>(label[row])];
  };
  CrossEntropy result;
  for (std::int64_t i = 0; i < rows; ++i) result.weight += static_cast<double>(weight_of(i));
  const float share = result.weight > 0 ? 1.0f / static_cast<float>(result.weight) : 0.0f;
  for (std::int64_t i = 0; i < rows; ++i, z += classes) {
    std::int64_t best = 0;
    for (std::int64_t c = 1; c < classes; ++c) {
      if (z[c] > z[best]) best = c;
    }
    const float highest = z[best];
    float sum = 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      const float e = std::exp(z[c] - highest);
      if (g != nullptr) g[c] = e;
      sum += e;
    }
    const float weight = weight_of(i);
    if (g != nullptr) {
      const float per_row = weight * share;
      const float scale = per_row / sum;
      for (std::int64_t c = 0; c < classes; ++c) g[c] *= scale;
      g[label[i]] -= per_row;
      g += classes;
    }
    // Not finite if any logit is not: NaN and +∞ reach the sum, and −∞ at the label the difference.
    result.loss += static_cast<double>(weight) * (std::log(static_cast<double>(sum)) + static_cast<double>(highest) -
                                                  static_cast<double>(z[label[i]]));
    result.correct += best == label[i] ? 1 : 0;
  }
  return result;
}

void add_predictions(const torch::Tensor& logits, std::int64_t classes, Predictions& predictions) {
  const torch::Tensor scores = logits.flatten(0, -2).slice(1, 0, classes);
  const torch::Tensor shares = torch::softmax(scores, 1).contiguous(), best = scores.argmax(1).contiguous();
  const auto* label = best.data_ptr<std::int64_t>();
  const auto* share = shares.data_ptr<float>();
  predictions.labels.insert(predictions.labels.end(), label, label + best.numel());
  predictions.probabilities.insert(predictions.probabilities.end(), share, share + shares.numel());
}

}  // namespace thalweg::lab
