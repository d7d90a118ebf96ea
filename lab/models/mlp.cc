// mlp: a multi-layer perceptron, hidden dense layers with ReLU.
#include "models/builders.h"
#include "models/dense_stack.h"

namespace thalweg::lab {

namespace {

class MultiLayerPerceptron : public Model {
 public:
  MultiLayerPerceptron(const ImageShape& shape, const std::vector<std::int64_t>& dense, std::uint64_t seed)
      : stack_(*this, shape.channels * shape.height * shape.width, dense, shape.classes, seed) {}

  torch::Tensor forward(const torch::Tensor& images) override { return stack_.forward(images.flatten(1)); }

 private:
  DenseStack stack_;
};

}  // namespace

std::shared_ptr<Model> make_mlp(const ImageShape& shape, const std::vector<std::int64_t>& dense, std::uint64_t seed) {
  return std::make_shared<MultiLayerPerceptron>(shape, dense, seed);
}

}  // namespace thalweg::lab
