// Activations by name.
#include "models/activation.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

#include <algorithm>
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
  const auto found = std::ranges::find(all, name, &Activation::name);
  if (found != all.end()) return *found;
  std::vector<std::string> names;
  for (const Activation& activation : all) names.push_back(activation.name);
  throw Error(fmt::format("unknown activation '{}'{}", name, suggest(name, names)));
}

}  // namespace thalweg::lab
