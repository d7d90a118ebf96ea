// DenseStack: hidden dense layers with ReLU and an output layer; the head of every model that has one.
#pragma once

#include "models/layers.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace thalweg::lab {

/// Registers `dense1`, `dense2`, … and `output` in the model that owns it.
class DenseStack {
 public:
  DenseStack(torch::nn::Module& owner, std::int64_t inputs, const std::vector<std::int64_t>& hidden,
             std::int64_t outputs, std::uint64_t seed);
  /// x: [batch, inputs]. Gives [batch, outputs].
  torch::Tensor forward(torch::Tensor x) const;

 private:
  std::vector<std::shared_ptr<Dense>> hidden_;
  std::shared_ptr<Dense> output_;
};

}  // namespace thalweg::lab
