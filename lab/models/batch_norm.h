// A layer that normalises over the batch, in what is exported.
#pragma once

#include <torch/nn/modules/batchnorm.h>

#include <string>

namespace thalweg::lab {

class OnnxGraph;

/// As Model::script: makes `x` out of `x`, by a layer that is called `name` in the module, with _ for dots.
std::string batch_norm_script(const std::string& name, const torch::nn::BatchNorm1dImpl& norm);
/// As Model::onnx, of a layer that is called `name`; x: [batch, features] or [batch, features, time].
std::string batch_norm_onnx(OnnxGraph& graph, const std::string& name, const torch::nn::BatchNorm1dImpl& norm,
                            const std::string& x);

}  // namespace thalweg::lab
