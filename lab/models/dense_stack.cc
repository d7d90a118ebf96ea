// DenseStack: hidden dense layers and an output layer; the head of every model that has one.
#include "models/dense_stack.h"

#include "models/batch_norm.h"
#include "models/unit_watch.h"

#include <fmt/format.h>

#include <string>

namespace thalweg::lab {

DenseStack::DenseStack(torch::nn::Module& owner, std::int64_t inputs, const ModelOptions& options, std::int64_t outputs,
                       const std::shared_ptr<const DrawPlace>& place)
    : place_(place), activation_(find_activation(options.activation)) {
  const std::uint64_t seed = place->seed;
  for (const std::int64_t width : options.dense) {
    const std::string number = std::to_string(hidden_.size() + 1), name = "dense" + number;
    Hidden& hidden = hidden_.emplace_back();
    hidden.dense =
        owner.register_module(name, std::make_shared<Dense>(name, inputs, width, activation_.followed, seed));
    if (options.batch_norm) {
      hidden.norm = owner.register_module("norm" + number, std::make_shared<torch::nn::BatchNorm1dImpl>(width));
    }
    if (options.dropout > 0) hidden.dropout.emplace(name, options.dropout, place);
    inputs = width;
  }
  output_ =
      owner.register_module("output", std::make_shared<Dense>("output", inputs, outputs, Followed::by_nothing, seed));
}

torch::Tensor DenseStack::forward(torch::Tensor x) const {
  const bool is_watched = place_->watch != nullptr && activation_.name == "relu";
  for (const Hidden& hidden : hidden_) {
    x = hidden.dense->forward(x);
    if (hidden.norm) x = hidden.norm->forward(x);
    x = activation_.apply(x);
    if (is_watched) place_->watch->see(fmt::format("dense{}", &hidden - hidden_.data() + 1), x);
    if (hidden.dropout && hidden.dense->is_training()) x = hidden.dropout->forward(x);
  }
  return output_->forward(x);
}

std::string DenseStack::script() const {
  std::string lines;
  for (std::size_t i = 1; i <= hidden_.size(); ++i) {
    lines += fmt::format("x = torch.linear(x, self.dense{0}_weight, self.dense{0}_bias)\n", i);
    if (hidden_[i - 1].norm) lines += batch_norm_script(fmt::format("norm{}", i), *hidden_[i - 1].norm);
    lines += fmt::format("x = torch.{}(x)\n", activation_.name);
  }
  return lines + "y = torch.linear(x, self.output_weight, self.output_bias)\n";
}

std::string DenseStack::onnx(OnnxGraph& graph, std::string x) const {
  for (std::size_t i = 1; i <= hidden_.size(); ++i) {
    const Hidden& hidden = hidden_[i - 1];
    x = hidden.dense->onnx(graph, fmt::format("dense{}", i), x);
    if (hidden.norm) x = batch_norm_onnx(graph, fmt::format("norm{}", i), *hidden.norm, x);
    x = activation_.onnx(graph, x);
  }
  return output_->onnx(graph, "output", x);
}

}  // namespace thalweg::lab
