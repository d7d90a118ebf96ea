// BackwardHooks: what LibTorch calls as soon as a parameter's gradient is ready.
#pragma once

#include "binding.h"

#include <torch/csrc/autograd/variable.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace thalweg::inline v0_1::libtorch {

/// Hooks on the tensors of bindings, behind the node of the graph that adds up a tensor's gradient. A backward pass
/// runs this node once for each tensor, however often the tensor is used.
class BackwardHooks {
 public:
  /// `ready` is called within the backward pass with the place of the binding whose gradient is there. What it throws
  /// comes out of `backward()`.
  explicit BackwardHooks(std::function<void(std::size_t place)> ready) : ready_(std::move(ready)) {}
  ~BackwardHooks() { remove(); }
  BackwardHooks(const BackwardHooks&) = delete;
  BackwardHooks& operator=(const BackwardHooks&) = delete;

  /// Has exactly these tensors hooked, each under its place. A tensor that has never required a gradient gets its hook
  /// when it does.
  void follow(const std::vector<Binding>& bindings);

 private:
  // A std::shared_ptr in LibTorch 1.13, a pointer of its own kind in 2.13.
  using Node = decltype(torch::autograd::impl::grad_accumulator(std::declval<const torch::Tensor&>()));
  struct Hook;
  struct Hooked {
    c10::TensorImpl* tensor;
    Node node;  // null: not hooked
    std::uintptr_t key;
  };

  void remove();

  std::function<void(std::size_t)> ready_;
  std::vector<Hooked> hooked_;  // by place
};

}  // namespace thalweg::inline v0_1::libtorch
