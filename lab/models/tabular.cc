// tabular: categories are embedded, joined with the numbers, and go through dense layers.
#include "models/dense_stack.h"
#include "models/entries.h"
#include "onnx/graph.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

namespace thalweg::lab {
namespace {

/// Numbers that a category becomes: by the column with most of them, as fastai's rule of thumb has it, 2 to 16.
std::int64_t embedded_size(const std::vector<std::int64_t>& sizes) {
  const auto most = static_cast<double>(*std::ranges::max_element(sizes));
  return std::clamp<std::int64_t>(std::llround(1.6 * std::pow(most, 0.56)), 2, 16);
}

class Tabular : public Model {
 public:
  Tabular(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed) : Model(seed) {
    std::int64_t width = 0;
    for (const Input& input : shape.inputs) {
      if (input.kind == InputKind::numbers) {
        width += input.size();
        has_numbers_ = true;
        continue;
      }
      const std::int64_t size = embedded_size(input.sizes);
      embedding_ = register_module("embedding", std::make_shared<Embedding>("embedding", input.sizes, size, seed));
      width += size * input.size();
    }
    stack_.emplace(*this, width, options, shape.outputs, place());
  }

  torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override {
    if (!embedding_) return stack_->forward(inputs.front());
    const torch::Tensor codes = embedding_->forward(inputs.back()).flatten(1);
    return stack_->forward(inputs.size() == 1 ? codes : torch::cat({inputs.front(), codes}, 1));
  }
  std::string script() const override {
    if (!embedding_) return stack_->script();
    const std::string codes = "torch.flatten(" + embedding_->script("codes") + ", 1)";
    return (has_numbers_ ? "x = torch.cat([x, " + codes + "], 1)\n" : "x = " + codes + "\n") + stack_->script();
  }
  std::string onnx(OnnxGraph& graph, const std::vector<std::string>& inputs) const override {
    if (!embedding_) return stack_->onnx(graph, inputs.front());
    const std::string codes = graph.add("Flatten", {embedding_->onnx(graph, inputs.back())});
    return stack_->onnx(graph,
                        inputs.size() == 1 ? codes : graph.add("Concat", {inputs.front(), codes}, {{"axis", 1}}));
  }

 private:
  std::shared_ptr<Embedding> embedding_;  // or none
  std::optional<DenseStack> stack_;
  bool has_numbers_ = false;
};

}  // namespace

ModelEntry tabular_model() {
  return {
      .name = "tabular",
      .meaning = "tables: embedded categories and numbers, then dense layers; with --dense 0 linear or logistic",
      .inputs = {InputKind::numbers, InputKind::categories},
      .several = true,
      .targets = {TargetKind::label, TargetKind::number},
      .options = {"dense", "activation", "dropout", "batch_norm"},
      .make = [](const ModelShape& shape, const ModelOptions& options, std::uint64_t seed) -> std::shared_ptr<Model> {
        return std::make_shared<Tabular>(shape, options, seed);
      }};
}

}  // namespace thalweg::lab
