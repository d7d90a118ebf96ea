// Layers with named parameters whose first values are drawn by counter.
#include "models/layers.h"

#include "models/first_values.h"
#include "models/onnx_weight.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace thalweg::lab {

namespace {

double weight_bound(Followed followed, std::int64_t fan_in) {
  const double gain = followed == Followed::by_relu ? 6.0 : followed == Followed::by_tanh ? 3.0 : 1.0;
  return std::sqrt(gain / static_cast<double>(fan_in));
}

torch::Tensor draw_bias(const std::string& name, std::int64_t outputs, std::int64_t fan_in, std::uint64_t seed) {
  return draw(name + ".bias", {outputs}, 1 / std::sqrt(static_cast<double>(fan_in)), seed);
}

}  // namespace

Dense::Dense(const std::string& name, std::int64_t inputs, std::int64_t outputs, Followed followed,
             std::uint64_t seed) {
  weight_ =
      register_parameter("weight", draw(name + ".weight", {outputs, inputs}, weight_bound(followed, inputs), seed));
  bias_ = register_parameter("bias", draw_bias(name, outputs, inputs, seed));
}

std::string Dense::onnx(OnnxGraph& graph, const std::string& name, const std::string& x) const {
  return graph.add("Gemm",
                   {x, onnx_weight(graph, name + ".weight", weight_), onnx_weight(graph, name + ".bias", bias_)},
                   {{"transB", 1}});
}

// Gemm takes matrices alone.
std::string Dense::onnx_of_steps(OnnxGraph& graph, const std::string& name, const std::string& x) const {
  const std::string turned = graph.add("Transpose", {onnx_weight(graph, name + ".weight", weight_)},
                                       {{"perm", std::vector<std::int64_t>{1, 0}}});
  return graph.add("Add", {graph.add("MatMul", {x, turned}), onnx_weight(graph, name + ".bias", bias_)});
}

Embedding::Embedding(const std::string& name, const std::vector<std::int64_t>& sizes, std::int64_t width,
                     std::uint64_t seed) {
  std::int64_t rows = 0;
  for (const std::int64_t size : sizes) {
    offsets_.push_back(rows);
    rows += size;
  }
  torch::Tensor first = draw(name + ".weight", {rows, width}, 1, seed);
  for (const std::int64_t offset : offsets_) first[offset].zero_();
  weight_ = register_parameter("weight", first);
  if (offsets_.size() > 1) offset_tensor_ = torch::tensor(offsets_, torch::kInt64);
}

torch::Tensor Embedding::forward(const torch::Tensor& codes) const {
  return torch::embedding(weight_, offset_tensor_.defined() ? codes + offset_tensor_ : codes);
}

std::string Embedding::script(const std::string& codes) const {
  if (offsets_.size() == 1) return fmt::format("torch.embedding(self.embedding_weight, {})", codes);
  return fmt::format("torch.embedding(self.embedding_weight, {} + torch.tensor([{}]))", codes,
                     fmt::join(offsets_, ", "));
}

std::string Embedding::onnx(OnnxGraph& graph, const std::string& codes) const {
  const std::string rows = offsets_.size() == 1 ? codes : graph.add("Add", {codes, graph.constant(offsets_)});
  return graph.add("Gather", {onnx_weight(graph, "embedding.weight", weight_), rows});
}

Convolution::Convolution(const std::string& name, std::int64_t inputs, std::int64_t outputs, std::int64_t kernel,
                         std::uint64_t seed)
    : padding_(kernel / 2) {
  const std::int64_t fan_in = inputs * kernel * kernel;
  const torch::Tensor first =
      draw(name + ".weight", {outputs, inputs, kernel, kernel}, weight_bound(Followed::by_relu, fan_in), seed);
  weight_ = register_parameter("weight", first.clone(torch::MemoryFormat::ChannelsLast));
  bias_ = register_parameter("bias", draw_bias(name, outputs, fan_in, seed));
}

std::string Convolution::onnx(OnnxGraph& graph, const std::string& name, const std::string& x) const {
  const std::vector<std::int64_t> kernel{weight_.size(2), weight_.size(3)};
  return graph.add("Conv",
                   {x, onnx_weight(graph, name + ".weight", weight_), onnx_weight(graph, name + ".bias", bias_)},
                   {{"kernel_shape", kernel}, {"pads", std::vector<std::int64_t>(4, padding_)}});
}

}  // namespace thalweg::lab
