// DenseStack: hidden dense layers and an output layer; the head of every model that has one.
#pragma once

#include "models/activation.h"
#include "models/dropout.h"
#include "models/layers.h"
#include "models/model.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <torch/nn/modules/batchnorm.h>

namespace thalweg::lab {

/// Registers `dense1`, `dense2`, … and `output` in the model that owns it; with batch_norm `norm1`, … too, which stand
/// between a layer and its activation. Dropout is behind the activation.
class DenseStack {
 public:
  /// Uses dense, activation, dropout and batch_norm. Throws thalweg::Error for an unknown activation.
  DenseStack(torch::nn::Module& owner, std::int64_t inputs, const ModelOptions& options, std::int64_t outputs,
             const std::shared_ptr<const DrawPlace>& place);
  /// x: [batch, inputs]. Gives [batch, outputs].
  torch::Tensor forward(torch::Tensor x) const;
  /// As Model::script, of x: [batch, inputs].
  std::string script() const;
  /// As Model::onnx, likewise.
  std::string onnx(OnnxGraph& graph, std::string x) const;

 private:
  struct Hidden {
    std::shared_ptr<Dense> dense;
    std::shared_ptr<torch::nn::BatchNorm1dImpl> norm;  ///< or none
    std::optional<Dropout> dropout;
  };

  std::shared_ptr<const DrawPlace> place_;
  Activation activation_;
  std::vector<Hidden> hidden_;
  std::shared_ptr<Dense> output_;
};

}  // namespace thalweg::lab
