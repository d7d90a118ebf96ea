// cnn: two convolutions, each with a pool and ReLU, then dense layers.
#include "models/builders.h"
#include "models/dense_stack.h"

#include <thalweg/error.h>

#include <fmt/format.h>

namespace thalweg::lab {

namespace {

constexpr std::int64_t kChannels1 = 32, kChannels2 = 64, kKernel = 3;

class ConvolutionalNetwork : public Model {
 public:
  ConvolutionalNetwork(const ImageShape& shape, const std::vector<std::int64_t>& dense, std::uint64_t seed)
      : conv1_(register_module("conv1",
                               std::make_shared<Convolution>("conv1", shape.channels, kChannels1, kKernel, seed))),
        conv2_(register_module("conv2", std::make_shared<Convolution>("conv2", kChannels1, kChannels2, kKernel, seed))),
        stack_(*this, kChannels2 * (shape.height / 4) * (shape.width / 4), dense, shape.classes, seed) {}

  torch::Tensor forward(const torch::Tensor& images) override {
    torch::Tensor x = block(*conv1_, images);
    x = block(*conv2_, x);
    return stack_.forward(x.flatten(1));
  }

 private:
  // Pool before ReLU: the same values, as both are monotone, and ReLU has a quarter of the work.
  static torch::Tensor block(const Convolution& convolution, const torch::Tensor& x) {
    return torch::max_pool2d(convolution.forward(x), 2).relu_();
  }

  std::shared_ptr<Convolution> conv1_, conv2_;
  DenseStack stack_;
};

}  // namespace

std::shared_ptr<Model> make_cnn(const ImageShape& shape, const std::vector<std::int64_t>& dense, std::uint64_t seed) {
  if (shape.height < 4 || shape.width < 4) {
    throw Error(fmt::format("cnn: images of {} × {} pixels are too small for two pools; at least 4 × 4", shape.height,
                            shape.width));
  }
  return std::make_shared<ConvolutionalNetwork>(shape, dense, seed);
}

}  // namespace thalweg::lab
