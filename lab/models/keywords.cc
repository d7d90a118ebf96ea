// keywords: log-mel bands of sound, convolutions over time, then dense layers.
#include "models/batch_norm.h"
#include "models/dense_stack.h"
#include "models/entries.h"
#include "models/first_values.h"
#include "models/log_mel.h"
#include "models/onnx_weight.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <torch/nn/modules/batchnorm.h>

#include <array>
#include <cmath>

namespace thalweg::lab {
namespace {

struct Block {
  std::int64_t channels, kernel, stride;
};
// Bands are channels, so that each convolution sees all of them, and time alone is left to go over (Choi et al. 2019,
// arXiv 1904.03814): a tenth of the work that convolutions over bands and time have.
constexpr std::array kBlocks{Block{64, 5, 1}, Block{64, 9, 2}, Block{96, 9, 2}, Block{96, 9, 2}};

/// Convolution over time, normalised over the batch, then ReLU.
class TimeBlock : public torch::nn::Module {
 public:
  TimeBlock(const std::string& name, std::int64_t inputs, const Block& block, std::uint64_t seed) : block_(block) {
    const double bound = std::sqrt(6.0 / static_cast<double>(inputs * block.kernel));  // He's, as Followed::by_relu
    weight_ = register_parameter("weight", draw(name + ".weight", {block.channels, inputs, block.kernel}, bound, seed));
    norm_ = register_module("norm", std::make_shared<torch::nn::BatchNorm1dImpl>(block.channels));
  }
  torch::Tensor forward(const torch::Tensor& x) const {
    return norm_->forward(torch::conv1d(x, weight_, {}, block_.stride, block_.kernel / 2)).relu_();
  }
  /// As Model::script, of a block that is called `name`.
  std::string script(const std::string& name) const {
    return fmt::format("x = torch.conv1d(x, self.{}_weight, None, [{}], [{}], [1], 1)\n", name, block_.stride,
                       block_.kernel / 2) +
           batch_norm_script(name + "_norm", *norm_) + "x = torch.relu(x)\n";
  }
  /// As Model::onnx, likewise; x: [batch, inputs, time].
  std::string onnx(OnnxGraph& graph, const std::string& name, const std::string& x) const {
    using Sizes = std::vector<std::int64_t>;
    const OnnxAttributes attributes{{"kernel_shape", Sizes{block_.kernel}},
                                    {"pads", Sizes(2, block_.kernel / 2)},
                                    {"strides", Sizes{block_.stride}}};
    const std::string y = graph.add("Conv", {x, onnx_weight(graph, name + ".weight", weight_)}, attributes);
    return graph.add("Relu", {batch_norm_onnx(graph, name + ".norm", *norm_, y)});
  }

 private:
  Block block_;
  torch::Tensor weight_;
  std::shared_ptr<torch::nn::BatchNorm1dImpl> norm_;
};

std::string block_name(std::size_t place) { return fmt::format("conv{}", place + 1); }

class Keywords : public Model {
 public:
  Keywords(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed)
      : Model(seed),
        features_(register_module("features", std::make_shared<LogMel>())),
        norm_(register_module("bands", std::make_shared<torch::nn::BatchNorm1dImpl>(kMelBands))) {
    std::int64_t inputs = kMelBands;
    for (std::size_t i = 0; i < kBlocks.size(); ++i) {
      const std::string name = block_name(i);
      blocks_[i] = register_module(name, std::make_shared<TimeBlock>(name, inputs, kBlocks[i], seed));
      inputs = kBlocks[i].channels;
    }
    stack_.emplace(*this, inputs, options, shape.outputs, place());
  }

  torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override {
    torch::Tensor x = norm_->forward(features_->forward(inputs.front()));
    for (const auto& block : blocks_) x = block->forward(x);
    return stack_->forward(x.mean(-1));
  }
  std::string script() const override {
    std::string lines = LogMel::script() + batch_norm_script("bands", *norm_);
    for (std::size_t i = 0; i < blocks_.size(); ++i) lines += blocks_[i]->script(block_name(i));
    return lines + "x = torch.mean(x, [-1])\n" + stack_->script();
  }
  std::string onnx(OnnxGraph& graph, const std::vector<std::string>& inputs) const override {
    std::string x = batch_norm_onnx(graph, "bands", *norm_, features_->onnx(graph, inputs.front()));
    for (std::size_t i = 0; i < blocks_.size(); ++i) x = blocks_[i]->onnx(graph, block_name(i), x);
    return stack_->onnx(graph, graph.add("Flatten", {graph.add("GlobalAveragePool", {x})}));
  }

 private:
  std::shared_ptr<LogMel> features_;
  std::shared_ptr<torch::nn::BatchNorm1dImpl> norm_;
  std::array<std::shared_ptr<TimeBlock>, kBlocks.size()> blocks_;
  std::optional<DenseStack> stack_;
};

}  // namespace

ModelEntry keywords_model() {
  return {
      .name = "keywords",
      .meaning = "spoken words: 40 log-mel bands, four convolutions over time, then dense layers",
      .inputs = {InputKind::waveform},
      .several = false,
      .targets = {TargetKind::label, TargetKind::number},
      .options = {"dense", "activation", "dropout", "batch_norm"},
      .make = [](const ModelShape& shape, const ModelOptions& options, std::uint64_t seed) -> std::shared_ptr<Model> {
        return std::make_shared<Keywords>(shape, options, seed);
      }};
}

}  // namespace thalweg::lab
