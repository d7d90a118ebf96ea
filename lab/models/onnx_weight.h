// A model's weights in an ONNX graph.
#pragma once

#include "onnx/graph.h"

#include <torch/types.h>

#include <string>

namespace thalweg::lab {

/// Adds a parameter or buffer, f32 of any memory format, under this name, which it gives.
std::string onnx_weight(OnnxGraph& graph, const std::string& name, const torch::Tensor& weight);

}  // namespace thalweg::lab
