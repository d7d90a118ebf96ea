// Scores a model on examples it is not trained with.
#include "training/evaluate.h"

#include "training/batch.h"

#include <c10/core/InferenceMode.h>
#include <torch/types.h>

#include <algorithm>
#include <optional>

namespace thalweg::lab {

namespace {

// Large enough to feed the cores, small enough that a convolution's activations stay near the caches.
constexpr std::int64_t kBatch = 250;

}  // namespace

Tally evaluate(Model& model, const Objective& objective, const Dataset& dataset, std::span<const std::int64_t> examples,
               const Scaling& scaling, const OutputSink& sink, const Negatives* negatives) {
  const c10::InferenceMode without_autograd;
  const bool was_training = model.is_training();
  model.eval();
  Tally tally;
  std::optional<Batch> batch;
  for (std::size_t begin = 0; begin < examples.size();) {
    const std::size_t count = std::min(examples.size() - begin, static_cast<std::size_t>(kBatch));
    const auto size = static_cast<std::int64_t>(count);
    if (!batch || batch->size != size) batch.emplace(dataset, size);
    const auto part = examples.subspan(begin, count);
    batch->load(dataset, part, scaling);
    if (negatives != nullptr) batch->draw(*negatives, part, 0);
    const torch::Tensor outputs = model.forward(batch->inputs).contiguous();
    tally += objective.score(outputs, batch->target, nullptr, /*ranked=*/true);
    if (sink) sink(part, outputs, batch->target);
    begin += count;
  }
  model.train(was_training);
  return tally;
}

}  // namespace thalweg::lab
