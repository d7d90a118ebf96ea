// Activations by name.
#pragma once

#include "models/layers.h"

#include <torch/types.h>

#include <string>

namespace thalweg::lab {

/// What stands behind a hidden layer.
struct Activation {
  std::string name;
  Followed followed;                                            ///< how the layer's first weights are spread
  torch::Tensor (*apply)(torch::Tensor& x);                     ///< may change x, which nothing else reads
  std::string (*onnx)(OnnxGraph& graph, const std::string& x);  ///< adds the same to a graph, and gives its name
};

/// relu, tanh, sigmoid or gelu. Throws thalweg::Error that names the nearest ones.
const Activation& find_activation(const std::string& name);

}  // namespace thalweg::lab
