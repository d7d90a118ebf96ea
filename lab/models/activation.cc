// Activations by name.
#include "models/activation.h"

#include "find_named.h"

#include <vector>

namespace thalweg::lab {

const Activation& find_activation(const std::string& name) {
  // In place where neither layer's backward pass needs what stood before.
  static const std::vector<Activation> all{
      {"relu", Followed::by_relu, [](torch::Tensor& x) { return x.relu_(); }},
      {"tanh", Followed::by_tanh, [](torch::Tensor& x) { return x.tanh_(); }},
      {"sigmoid", Followed::by_tanh, [](torch::Tensor& x) { return x.sigmoid_(); }},
      {"gelu", Followed::by_relu, [](torch::Tensor& x) { return torch::gelu(x); }},
  };
  return find_named(all, name, "activation");
}

}  // namespace thalweg::lab
