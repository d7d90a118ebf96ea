// Scores a model on images it is not trained with.
#include "training/evaluate.h"

#include "training/values_of.h"

#include <c10/core/InferenceMode.h>
#include <torch/types.h>

#include <algorithm>

namespace thalweg::lab {

namespace {

// Large enough to feed the cores, small enough that a convolution's activations stay near the caches.
constexpr std::int64_t kBatch = 250;

}  // namespace

Score evaluate(Model& model, const Dataset& dataset, const ImageSet& set, std::span<const std::int64_t> indices,
               const Normalisation& normalisation) {
  const c10::InferenceMode without_autograd;
  const bool was_training = model.is_training();
  model.eval();
  Score score;
  torch::Tensor images, labels;
  for (std::size_t begin = 0; begin < indices.size();) {
    const std::size_t count = std::min(indices.size() - begin, static_cast<std::size_t>(kBatch));
    const auto size = static_cast<std::int64_t>(count);
    if (!images.defined() || images.size(0) != size) {
      images = torch::empty({size, dataset.channels, dataset.height, dataset.width}, torch::kFloat32);
      labels = torch::empty({size}, torch::kInt64);
    }
    load_batch(dataset, set, indices.subspan(begin, count), normalisation, values_of<float>(images),
               values_of<std::int64_t>(labels));
    score += cross_entropy(model.forward(images), labels);
    begin += count;
  }
  model.train(was_training);
  return score;
}

}  // namespace thalweg::lab
