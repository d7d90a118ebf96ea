// Cross-entropy of logits, with accuracy and gradient from one pass.
#include "training/cross_entropy.h"

#include <cmath>

namespace thalweg::lab {

Score& Score::operator+=(const Score& other) {
  loss += other.loss;
  correct += other.correct;
  images += other.images;
  return *this;
}

Score cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, torch::Tensor* gradient) {
  const std::int64_t batch = logits.size(0), classes = logits.size(1);
  const float* z = logits.data_ptr<float>();
  const std::int64_t* label = labels.data_ptr<std::int64_t>();
  float* g = gradient != nullptr ? gradient->data_ptr<float>() : nullptr;
  const float per_image = 1.0f / static_cast<float>(batch);
  Score score;
  score.images = batch;
  for (std::int64_t i = 0; i < batch; ++i, z += classes) {
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
    if (g != nullptr) {
      const float scale = per_image / sum;
      for (std::int64_t c = 0; c < classes; ++c) g[c] *= scale;
      g[label[i]] -= per_image;
      g += classes;
    }
    // Not finite if any logit is not: NaN and +∞ reach the sum, and −∞ at the label the difference.
    score.loss += std::log(static_cast<double>(sum)) + static_cast<double>(highest) - static_cast<double>(z[label[i]]);
    score.correct += best == label[i] ? 1 : 0;
  }
  return score;
}

}  // namespace thalweg::lab
