// softmax: multinomial logistic regression, one dense layer from pixels to scores.
#include "models/builders.h"
#include "models/layers.h"

namespace thalweg::lab {

namespace {

class Softmax : public Model {
 public:
  Softmax(const ImageShape& shape, std::uint64_t seed)
      : output_(register_module("output", std::make_shared<Dense>("output", shape.channels * shape.height * shape.width,
                                                                  shape.classes, Followed::by_nothing, seed))) {}

  torch::Tensor forward(const torch::Tensor& images) override { return output_->forward(images.flatten(1)); }

 private:
  std::shared_ptr<Dense> output_;
};

}  // namespace

std::shared_ptr<Model> make_softmax(const ImageShape& shape, std::uint64_t seed) {
  return std::make_shared<Softmax>(shape, seed);
}

}  // namespace thalweg::lab
