// Layers with named parameters whose first values are drawn by counter.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

class OnnxGraph;

/// What follows a layer decides how far its first weights are spread.
enum class Followed {
  by_relu,  ///< He et al. (2015), arXiv 1502.01852, eq. 10: uniform in ±√(6 / fan-in) keeps the variance through ReLU
  by_tanh,  ///< or sigmoid: Glorot and Bengio (2010), eq. 16, for layers of equal width: uniform in ±√(3 / fan-in)
  by_nothing,  ///< uniform in ±1/√fan-in: logits begin small
};

/// y = x Wᵀ + b. Parameters `weight` [outputs, inputs] and `bias` [outputs].
class Dense : public torch::nn::Module {
 public:
  /// `name` is the layer's name in its model, by which its first values are drawn from `seed`.
  Dense(const std::string& name, std::int64_t inputs, std::int64_t outputs, Followed followed, std::uint64_t seed);
  /// x: [batch, inputs].
  torch::Tensor forward(const torch::Tensor& x) const { return torch::linear(x, weight_, bias_); }
  /// As Model::onnx, of a layer that is called `name`; x: [batch, inputs].
  std::string onnx(OnnxGraph& graph, const std::string& name, const std::string& x) const;
  /// The same of each step; x: [batch, time, inputs].
  std::string onnx_of_steps(OnnxGraph& graph, const std::string& name, const std::string& x) const;

 private:
  torch::Tensor weight_, bias_;
};

/// Codes of one or more columns, each with rows of its own in one table: `weight` [sum of sizes, width], uniform in ±1;
/// the row of each column's code 0, which training does not have, is 0.
class Embedding : public torch::nn::Module {
 public:
  /// sizes: codes of each column.
  Embedding(const std::string& name, const std::vector<std::int64_t>& sizes, std::int64_t width, std::uint64_t seed);
  /// codes: int64 [batch, columns], or of one column any shape. Gives that shape with `width` numbers for each code.
  torch::Tensor forward(const torch::Tensor& codes) const;
  /// TorchScript of forward; the layer is called `embedding` in its model.
  std::string script(const std::string& codes) const;
  /// The same as nodes.
  std::string onnx(OnnxGraph& graph, const std::string& codes) const;

 private:
  std::vector<std::int64_t> offsets_;
  torch::Tensor weight_, offset_tensor_;
};

/// A convolution with odd square kernels that keeps height and width, followed by ReLU. Parameters `weight`
/// [outputs, inputs, kernel, kernel], stored channels-last (which makes all activations behind it channels-last: about
/// 1.5 times faster than contiguous with oneDNN), and `bias` [outputs].
class Convolution : public torch::nn::Module {
 public:
  Convolution(const std::string& name, std::int64_t inputs, std::int64_t outputs, std::int64_t kernel,
              std::uint64_t seed);
  /// x: [batch, inputs, height, width].
  torch::Tensor forward(const torch::Tensor& x) const {
    return torch::conv2d(x, weight_, bias_, /*stride=*/1, /*padding=*/padding_);
  }
  /// As Model::onnx, of a layer that is called `name`.
  std::string onnx(OnnxGraph& graph, const std::string& name, const std::string& x) const;

 private:
  std::int64_t padding_;
  torch::Tensor weight_, bias_;
};

}  // namespace thalweg::lab
