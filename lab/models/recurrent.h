// Recurrent layers: LSTM and GRU, as torch::nn::LSTM and GRU compute them.
#pragma once

#include "models/recurrent_kernels.h"

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace thalweg::lab {

class OnnxGraph;

/// A layer's state after some step, f32: [batch, hidden] each.
struct RecurrentState {
  torch::Tensor h;  ///< also the layer's output at that step
  torch::Tensor c;  ///< LSTM alone
};

/// Layers of one kind, one above the other. Parameters of layer k, with PyTorch's names, shapes and order of gates, so
/// that weights can be exchanged: `weight_ih_lk` [gates × hidden, inputs], `weight_hh_lk` [gates × hidden, hidden],
/// `bias_ih_lk` and `bias_hh_lk` [gates × hidden]. First values are PyTorch's: uniform in ±1/√hidden.
///
/// The forward pass gives the same bits whatever the number of threads, and each sequence of a batch the same bits as
/// alone. Gradients of weights are sums over the batch, by LibTorch's BLAS. There are no second derivatives.
class RecurrentLayers : public torch::nn::Module {
 public:
  struct Output {
    torch::Tensor steps;  ///< the uppermost layer's output at all steps: [batch, time, hidden]
    /// Each layer's state after the last step; so `last.back().h` is the output at the last step, and costs least where
    /// no more is wanted: the backward pass then has no gradient of all steps to read.
    std::vector<RecurrentState> last;
  };
  using Between = std::function<torch::Tensor(const torch::Tensor&)>;

  /// x: f32 [batch, time, inputs], at least one step. `first`: each layer's state before the first step (to go on where
  /// another call ended: its `last`); none are zeros. `between`: applied to what a layer hands to the one above
  /// (dropout). Where no gradient is wanted (no_grad, InferenceMode), nothing is kept for one.
  Output forward(const torch::Tensor& x, const std::vector<RecurrentState>& first = {},
                 const Between& between = {}) const;
  /// As Model::onnx, of layers that are called `name`, from zeros; x: [time, batch, inputs], time first, as ONNX has
  /// it. Gives the uppermost layer's output: at every step [time, batch, hidden], or at the last [batch, hidden].
  std::string onnx(OnnxGraph& graph, const std::string& name, std::string x, bool every_step) const;

  std::int64_t inputs() const { return inputs_; }
  std::int64_t hidden() const { return hidden_; }
  std::int64_t layers() const { return static_cast<std::int64_t>(layers_.size()); }

 protected:
  RecurrentLayers(Cell cell, const std::string& name, std::int64_t inputs, std::int64_t hidden, std::int64_t layers,
                  std::uint64_t seed);

 private:
  struct Layer {
    torch::Tensor weight_ih, weight_hh, bias_ih, bias_hh;
  };

  std::vector<RecurrentState> checked(const torch::Tensor& x, const std::vector<RecurrentState>& first) const;

  Cell cell_;
  std::int64_t inputs_, hidden_;
  std::vector<Layer> layers_;
};

/// Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000):
/// c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c'), where i, f, g, o = W_ih x + b_ih + W_hh h + b_hh.
class Lstm : public RecurrentLayers {
 public:
  /// `name` is the module's name in its model, by which its first values are drawn from `seed`.
  Lstm(const std::string& name, std::int64_t inputs, std::int64_t hidden, std::int64_t layers, std::uint64_t seed)
      : RecurrentLayers(Cell::lstm, name, inputs, hidden, layers, seed) {}
};

/// Gated recurrent unit (Cho et al. 2014), with the reset gate behind the product, as cuDNN has it:
/// h' = (1 − z) n + z h, where r, z = σ(W_ih x + b_ih + W_hh h + b_hh) and n = tanh(W_ih x + b_ih + r (W_hh h + b_hh)).
class Gru : public RecurrentLayers {
 public:
  Gru(const std::string& name, std::int64_t inputs, std::int64_t hidden, std::int64_t layers, std::uint64_t seed)
      : RecurrentLayers(Cell::gru, name, inputs, hidden, layers, seed) {}
};

}  // namespace thalweg::lab
