// Models that are dense layers on one input, flattened.
#include "models/dense_model.h"

#include "models/dense_stack.h"
#include "onnx/graph.h"

namespace thalweg::lab {
namespace {

class DenseModel : public Model {
 public:
  DenseModel(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed)
      : Model(seed), stack_(*this, shape.only().size(), options, shape.outputs, place()) {}

  torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override {
    return stack_.forward(inputs.front().flatten(1));
  }
  std::string script() const override { return "x = torch.flatten(x, 1)\n" + stack_.script(); }
  std::string onnx(OnnxGraph& graph, const std::vector<std::string>& inputs) const override {
    return stack_.onnx(graph, graph.add("Flatten", inputs));
  }

 private:
  DenseStack stack_;
};

}  // namespace

std::shared_ptr<Model> make_dense_model(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed) {
  return std::make_shared<DenseModel>(shape, options, seed);
}

std::shared_ptr<Model> make_single_layer(const ModelShape& shape, const ModelOptions&, std::uint64_t seed) {
  return make_dense_model(shape, {.dense = {}}, seed);
}

}  // namespace thalweg::lab
