// Models that are recurrent layers and one dense layer: lstm and gru.
#include "models/recurrent_model.h"

#include "models/dropout.h"
#include "models/layers.h"
#include "models/recurrent.h"
#include "onnx/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kMostEmbedded = 64;  // numbers of a character

std::shared_ptr<RecurrentLayers> make_layers(Cell cell, std::int64_t inputs, const ModelOptions& options,
                                             std::uint64_t seed) {
  if (cell == Cell::lstm) return std::make_shared<Lstm>("lstm", inputs, options.hidden, options.layers, seed);
  return std::make_shared<Gru>("gru", inputs, options.hidden, options.layers, seed);
}

/// Numbers of one step.
std::int64_t step_size(const Input& input) {
  switch (input.kind) {
    case InputKind::image:
      return input.shape[0] * input.shape[2];
    case InputKind::characters:
      return std::min(input.sizes.front(), kMostEmbedded);
    default:
      return input.shape[1];
  }
}

class RecurrentModel : public Model {
 public:
  RecurrentModel(Cell cell, const ModelShape& shape, const ModelOptions& options, std::uint64_t seed)
      : Model(seed),
        kind_(shape.only().kind),
        is_lstm_(cell == Cell::lstm),
        every_step_(shape.target == TargetKind::characters) {
    const std::int64_t inputs = step_size(shape.only());
    if (kind_ == InputKind::characters) {
      embedding_ =
          register_module("embedding", std::make_shared<Embedding>("embedding", shape.only().sizes, inputs, seed));
    }
    layers_ = register_module(cell == Cell::lstm ? "lstm" : "gru", make_layers(cell, inputs, options, seed));
    output_ = register_module(
        "output", std::make_shared<Dense>("output", options.hidden, shape.outputs, Followed::by_nothing, seed));
    if (options.dropout > 0) {
      for (std::int64_t layer = 0; layer < options.layers; ++layer)
        dropouts_.emplace_back("layer" + std::to_string(layer), options.dropout, place());
    }
  }

  torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override {
    std::size_t layer = 0;
    const auto drop = [&](const torch::Tensor& x) {
      return dropouts_.empty() || !is_training() ? x : dropouts_[layer++].forward(x);
    };
    const RecurrentLayers::Output output = layers_->forward(steps_of(inputs.front()), {}, drop);
    return output_->forward(drop(every_step_ ? output.steps : output.last.back().h));
  }
  std::string script() const override {
    const std::string name = is_lstm_ ? "lstm" : "gru";
    std::string lines, weights;
    if (kind_ == InputKind::characters) lines = "x = " + embedding_->script("x") + "\n";
    if (kind_ == InputKind::image) lines = "x = torch.flatten(torch.transpose(x, 1, 2), 2)\n";
    for (std::int64_t layer = 0; layer < layers_->layers(); ++layer) {
      for (const char* const weight : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"})
        weights += fmt::format("{}self.{}_{}_l{}", weights.empty() ? "" : ", ", name, weight, layer);
    }
    lines += fmt::format("h = torch.zeros([{}, x.size(0), {}])\n", layers_->layers(), layers_->hidden());
    lines += fmt::format("{} = torch.{}(x, {}, [{}], True, {}, 0.0, False, False, True)\n",
                         is_lstm_ ? "steps, last, c" : "steps, last", name, is_lstm_ ? "[h, h]" : "h", weights,
                         layers_->layers());
    return lines + fmt::format("y = torch.linear({}, self.output_weight, self.output_bias)\n",
                               every_step_ ? "steps" : "last[-1]");
  }
  std::string onnx(OnnxGraph& graph, const std::vector<std::string>& inputs) const override {
    using Axes = std::vector<std::int64_t>;
    const auto turned = [&](const std::string& x, Axes axes) { return graph.add("Transpose", {x}, {{"perm", axes}}); };
    std::string x = inputs.front();
    if (kind_ == InputKind::image) {  // to [rows, batch, channels × columns]
      x = graph.add("Reshape", {turned(x, {2, 0, 1, 3}), graph.constant(Axes{0, 0, layers_->inputs()})});
    } else {
      x = turned(kind_ == InputKind::characters ? embedding_->onnx(graph, x) : x, {1, 0, 2});
    }
    x = layers_->onnx(graph, is_lstm_ ? "lstm" : "gru", x, every_step_);
    return every_step_ ? output_->onnx_of_steps(graph, "output", turned(x, {1, 0, 2}))
                       : output_->onnx(graph, "output", x);
  }

 private:
  /// [batch, time, numbers].
  torch::Tensor steps_of(const torch::Tensor& x) const {
    if (kind_ == InputKind::characters) return embedding_->forward(x);
    if (kind_ == InputKind::image) return x.transpose(1, 2).flatten(2);
    return x;
  }

  InputKind kind_;
  bool is_lstm_, every_step_;
  std::shared_ptr<Embedding> embedding_;
  std::shared_ptr<RecurrentLayers> layers_;
  std::shared_ptr<Dense> output_;
  std::vector<Dropout> dropouts_;
};

}  // namespace

std::shared_ptr<Model> make_recurrent_model(Cell cell, const ModelShape& shape, const ModelOptions& options,
                                            std::uint64_t seed) {
  return std::make_shared<RecurrentModel>(cell, shape, options, seed);
}

ModelEntry recurrent_entry(const char* name, const char* meaning,
                           std::shared_ptr<Model> (*make)(const ModelShape&, const ModelOptions&, std::uint64_t)) {
  return {.name = name,
          .meaning = meaning,
          .inputs = {InputKind::image, InputKind::series, InputKind::characters},
          .several = false,
          .targets = {TargetKind::label, TargetKind::number, TargetKind::characters},
          .options = {"hidden", "layers", "dropout"},
          .make = make};
}

}  // namespace thalweg::lab
