// Scores a model on examples it is not trained with.
#pragma once

#include "data/dataset.h"
#include "models/model.h"
#include "tasks/objective.h"
#include "training/negatives.h"

#include <cstdint>
#include <functional>
#include <span>

namespace thalweg::lab {

/// Called for each batch of an evaluation.
using OutputSink = std::function<void(std::span<const std::int64_t> examples, const torch::Tensor& outputs,
                                      const torch::Tensor& target)>;

/// Loss and metrics over these examples, without autograd; scores are ranked. `sink`, if any, sees all outputs.
/// `negatives`, if any, are drawn for each example, as for epoch 0.
Tally evaluate(Model& model, const Objective& objective, const Dataset& dataset, std::span<const std::int64_t> examples,
               const Scaling& scaling, const OutputSink& sink = {}, const Negatives* negatives = nullptr);

}  // namespace thalweg::lab
