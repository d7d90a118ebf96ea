// DenseStack: hidden dense layers with ReLU and an output layer; the head of every model that has one.
#include "models/dense_stack.h"

#include <string>
#include <utility>

namespace thalweg::lab {

DenseStack::DenseStack(torch::nn::Module& owner, std::int64_t inputs, const std::vector<std::int64_t>& hidden,
                       std::int64_t outputs, std::uint64_t seed) {
  for (const std::int64_t width : hidden) {
    const std::string name = "dense" + std::to_string(hidden_.size() + 1);
    hidden_.push_back(
        owner.register_module(name, std::make_shared<Dense>(name, inputs, width, Followed::by_relu, seed)));
    inputs = width;
  }
  output_ =
      owner.register_module("output", std::make_shared<Dense>("output", inputs, outputs, Followed::by_nothing, seed));
}

torch::Tensor DenseStack::forward(torch::Tensor x) const {
  // In place: neither layer's backward pass needs what stood before the ReLU.
  for (const auto& layer : hidden_) x = layer->forward(x).relu_();
  return output_->forward(x);
}

}  // namespace thalweg::lab
