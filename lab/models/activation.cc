// Activations by name.
#include "models/activation.h"

#include "find_named.h"
#include "onnx/graph.h"

#include <cmath>
#include <vector>

namespace thalweg::lab {
namespace {

/// x Φ(x) = x / 2 (1 + erf(x / √2)); opset 13 has no operator of its own for it.
std::string onnx_gelu(OnnxGraph& graph, const std::string& x) {
  const std::string erf = graph.add("Erf", {graph.add("Mul", {x, graph.constant(std::sqrt(0.5))})});
  const std::string half = graph.add("Mul", {x, graph.constant(0.5)});
  return graph.add("Mul", {half, graph.add("Add", {erf, graph.constant(1)})});
}

}  // namespace

const Activation& find_activation(const std::string& name) {
  // In place where neither layer's backward pass needs what stood before.
  static const std::vector<Activation> all{
      {"relu", Followed::by_relu, [](torch::Tensor& x) { return x.relu_(); },
       [](OnnxGraph& graph, const std::string& x) { return graph.add("Relu", {x}); }},
      {"tanh", Followed::by_tanh, [](torch::Tensor& x) { return x.tanh_(); },
       [](OnnxGraph& graph, const std::string& x) { return graph.add("Tanh", {x}); }},
      {"sigmoid", Followed::by_tanh, [](torch::Tensor& x) { return x.sigmoid_(); },
       [](OnnxGraph& graph, const std::string& x) { return graph.add("Sigmoid", {x}); }},
      {"gelu", Followed::by_relu, [](torch::Tensor& x) { return torch::gelu(x); }, onnx_gelu},
  };
  return find_named(all, name, "activation");
}

}  // namespace thalweg::lab
