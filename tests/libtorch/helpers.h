// What the adapter's tests share: small models, gradients, comparison.
#pragma once

#include "error_of.h"

#include <thalweg/libtorch.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

namespace thalweg::inline v0_1::libtorch {

/// Largest |a − b| / max(|b|, 10⁻³·‖b‖∞).
inline double relative_error(const torch::Tensor& a, const torch::Tensor& b) {
  const torch::Tensor exact = b.detach().to(torch::kDouble), error = (a.detach().to(torch::kDouble) - exact).abs();
  const torch::Tensor scale = torch::maximum(exact.abs(), 1e-3 * exact.abs().max());
  return torch::where(error == 0, torch::zeros_like(error), error / scale).max().item<double>();
}

/// The same bits, whatever the strides.
inline bool same_bits(const torch::Tensor& a, const torch::Tensor& b) {
  return a.dtype() == b.dtype() && torch::equal(a.detach(), b.detach());
}

/// A leaf with normal values, the same for the same seed.
inline torch::Tensor leaf(std::vector<std::int64_t> sizes, std::uint64_t seed, torch::Dtype dtype = torch::kFloat) {
  torch::manual_seed(seed);
  return torch::randn(sizes, dtype).requires_grad_(true);
}

/// Gives the parameter the gradient number `step`, in the parameter's own memory format.
inline void give_gradient(torch::Tensor parameter, std::uint64_t step) {
  torch::manual_seed(1000 + step);
  const torch::Tensor gradient = torch::randn(parameter.sizes(), parameter.dtype().toScalarType());
  parameter.mutable_grad() = torch::empty_like(parameter.detach()).copy_(gradient);
}

inline void give_gradients(const std::vector<torch::Tensor>& parameters, std::uint64_t step) {
  for (std::size_t i = 0; i < parameters.size(); ++i) give_gradient(parameters[i], 17 * step + i);
}

/// Two dense layers with a norm between them; names `first.weight`, `norm.bias`, ….
struct NetImpl : torch::nn::Module {
  NetImpl()
      : first(register_module("first", torch::nn::Linear(4, 6))),
        norm(register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({6})))),
        second(register_module("second", torch::nn::Linear(6, 2))) {}
  torch::Tensor forward(const torch::Tensor& x) { return second(torch::relu(norm(first(x)))); }
  torch::nn::Linear first;
  torch::nn::LayerNorm norm;
  torch::nn::Linear second;
};
TORCH_MODULE(Net);

/// A network whose initial weights depend on the seed alone.
inline Net seeded_net(std::uint64_t seed = 1) {
  torch::manual_seed(seed);
  return Net();
}

/// Forward and backward on data that depends on `step` alone.
inline torch::Tensor backward(Net& net, std::uint64_t step) {
  torch::manual_seed(500 + step);
  const torch::Tensor x = torch::randn({8, 4});
  const torch::Tensor loss = torch::mse_loss(net(x), x.narrow(1, 0, 2).sin());
  loss.backward();
  return loss;
}

/// Backward and step, `steps` times from step number `begin`.
inline void train(Net& net, torch::optim::Optimizer& optimizer, std::uint64_t begin, std::uint64_t steps) {
  for (std::uint64_t step = begin; step < begin + steps; ++step) {
    optimizer.zero_grad();
    backward(net, step);
    optimizer.step();
  }
}

inline bool same_parameters(const Net& a, const Net& b) {
  const auto left = a->parameters(), right = b->parameters();
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!same_bits(left[i], right[i])) return false;
  }
  return left.size() == right.size();
}

/// What LibTorch's state map calls this tensor: its address, in older versions as text.
template <class Key>
Key key_of(const torch::Tensor& tensor) {
  if constexpr (std::is_same_v<Key, std::string>) {
    std::ostringstream text;
    text << tensor.unsafeGetTensorImpl();
    return text.str();
  } else {
    return tensor.unsafeGetTensorImpl();
  }
}

/// The state that LibTorch keeps for this tensor; null if there is none yet.
inline torch::optim::OptimizerParamState* state_of(torch::optim::Optimizer& optimizer, const torch::Tensor& tensor) {
  using Key = std::remove_cvref_t<decltype(optimizer.state())>::key_type;
  const auto found = optimizer.state().find(key_of<Key>(tensor));
  return found == optimizer.state().end() ? nullptr : found->second.get();
}

/// Makes this the state that LibTorch keeps for this tensor.
inline void give_state(torch::optim::Optimizer& optimizer, const torch::Tensor& tensor,
                       std::unique_ptr<torch::optim::OptimizerParamState> state) {
  using Key = std::remove_cvref_t<decltype(optimizer.state())>::key_type;
  optimizer.state()[key_of<Key>(tensor)] = std::move(state);
}

using tests::error_of;

}  // namespace thalweg::inline v0_1::libtorch
