// Batch: tensors that a step fills again and again with examples of a data set.
#pragma once

#include "data/dataset.h"

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

  std::int64_t size;
  std::vector<torch::Tensor> inputs;  ///< f32 or int64, [size, …] by Input::shape
  torch::Tensor target;               ///< f32 [size], or int64 [size] or [size, length]

 private:
  BatchMemory memory_;
};

}  // namespace thalweg::lab
