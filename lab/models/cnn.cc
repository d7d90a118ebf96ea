// cnn: two convolutions, each with a pool and ReLU, then dense layers.
#include "models/dense_stack.h"
#include "models/entries.h"
#include "onnx/graph.h"

#include <thalweg/error.h>

#include <fmt/format.h>

namespace thalweg::lab {

namespace {

constexpr std::int64_t kChannels1 = 32, kChannels2 = 64, kKernel = 3;

class ConvolutionalNetwork : public Model {
 public:
  ConvolutionalNetwork(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed)
      : Model(seed),
        conv1_(register_module(
            "conv1", std::make_shared<Convolution>("conv1", shape.only().shape[0], kChannels1, kKernel, seed))),
        conv2_(register_module("conv2", std::make_shared<Convolution>("conv2", kChannels1, kChannels2, kKernel, seed))),
        stack_(*this, kChannels2 * (shape.only().shape[1] / 4) * (shape.only().shape[2] / 4), options, shape.outputs,
               place()) {}

  torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override {
    torch::Tensor x = block(*conv1_, inputs.front());
    x = block(*conv2_, x);
    return stack_.forward(x.flatten(1));
  }
  std::string script() const override {
    std::string lines;
    for (const char* const name : {"conv1", "conv2"}) {
      lines += fmt::format(
          "x = torch.conv2d(x, self.{0}_weight, self.{0}_bias, [1, 1], [{1}, {1}], [1, 1], 1)\n"
          "x = torch.relu(torch.max_pool2d(x, [2, 2]))\n",
          name, kKernel / 2);
    }
    return lines + "x = torch.flatten(x, 1)\n" + stack_.script();
  }
  std::string onnx(OnnxGraph& graph, const std::vector<std::string>& inputs) const override {
    const std::vector<std::int64_t> two{2, 2};
    std::string x = inputs.front();
    for (const auto& [name, layer] : {std::pair{"conv1", conv1_}, {"conv2", conv2_}}) {
      x = graph.add("MaxPool", {layer->onnx(graph, name, x)}, {{"kernel_shape", two}, {"strides", two}});
      x = graph.add("Relu", {x});
    }
    return stack_.onnx(graph, graph.add("Flatten", {x}));
  }

 private:
  // Pool before ReLU: the same values, as both are monotone, and ReLU has a quarter of the work.
  static torch::Tensor block(const Convolution& convolution, const torch::Tensor& x) {
    return torch::max_pool2d(convolution.forward(x), 2).relu_();
  }

  std::shared_ptr<Convolution> conv1_, conv2_;
  DenseStack stack_;
};

std::shared_ptr<Model> make(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed) {
  const std::int64_t height = shape.only().shape[1], width = shape.only().shape[2];
  if (height < 4 || width < 4) {
    throw Error(
        fmt::format("cnn: images of {} × {} pixels are too small for two pools; at least 4 × 4", height, width));
  }
  return std::make_shared<ConvolutionalNetwork>(shape, options, seed);
}

}  // namespace

ModelEntry cnn_model() {
  return {.name = "cnn",
          .meaning = "two convolutions of 3 × 3 with 32 and 64 channels, two pools, then dense layers",
          .inputs = {InputKind::image},
          .several = false,
          .targets = {TargetKind::label, TargetKind::number},
          .options = {"dense", "activation", "dropout", "batch_norm"},
          .make = make};
}

}  // namespace thalweg::lab
