// Batch: tensors that a step fills again and again with examples of a data set.
#pragma once

#include "data/augment.h"
#include "data/dataset.h"
#include "training/negatives.h"

#include <torch/types.h>

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::lab {

struct Batch {
  /// Of so many examples.
  Batch(const Dataset& dataset, std::int64_t size);
  /// Fills it with these, as many as its size.
  void load(const Dataset& dataset, std::span<const std::int64_t> examples, const Scaling& scaling);
  /// Varies the images of these examples, which it was filled with.
  void vary(const Augmenter& augmenter, std::span<const std::int64_t> examples, std::int64_t epoch);
  /// Of pairs of a user and an item, which it was filled with: puts drawn items behind them, and what each of these
  /// stands for as the target.
  void draw(const Negatives& negatives, std::span<const std::int64_t> examples, std::int64_t epoch);

  std::int64_t size;
  std::vector<torch::Tensor> inputs;  ///< f32 or int64, [size, …] by Input::shape
  torch::Tensor target;               ///< f32 [size], or int64 [size] or [size, length]

 private:
  BatchMemory memory_;
  torch::Tensor pairs_;  // which `load` fills, where items are drawn
};

}  // namespace thalweg::lab
