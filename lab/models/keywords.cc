// keywords: log-mel bands of sound, convolutions over time, then dense layers.
#include "models/dense_stack.h"
#include "models/entries.h"
#include "models/first_values.h"
#include "models/log_mel.h"

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
  double eps() const { return norm_->options.eps(); }

 private:
  Block block_;
  torch::Tensor weight_;
  std::shared_ptr<torch::nn::BatchNorm1dImpl> norm_;
};

std::string norm_script(const char* name, double eps) {
  return fmt::format(
      "x = torch.batch_norm(x, self.{0}_weight, self.{0}_bias, self.{0}_running_mean, self.{0}_running_var, False, "
      "0.1, "
      "{1}, False)\n",
      name, eps);
}

class Keywords : public Model {
 public:
  Keywords(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed)
      : Model(seed),
        features_(register_module("features", std::make_shared<LogMel>())),
        norm_(register_module("bands", std::make_shared<torch::nn::BatchNorm1dImpl>(kMelBands))) {
    std::int64_t inputs = kMelBands;
    for (std::size_t i = 0; i < kBlocks.size(); ++i) {
      const std::string name = "conv" + std::to_string(i + 1);
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
    std::string lines = LogMel::script() + norm_script("bands", norm_->options.eps());
    for (std::size_t i = 0; i < kBlocks.size(); ++i) {
      const std::string name = "conv" + std::to_string(i + 1);
      lines += fmt::format("x = torch.conv1d(x, self.{}_weight, None, [{}], [{}], [1], 1)\n", name, kBlocks[i].stride,
                           kBlocks[i].kernel / 2);
      lines += norm_script((name + "_norm").c_str(), blocks_[i]->eps()) + "x = torch.relu(x)\n";
    }
    return lines + "x = torch.mean(x, [-1])\n" + stack_->script();
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
