// factorization: what a user thinks of an item, by their biases and factors.
#include "models/factorization.h"

#include "models/entries.h"
#include "models/factor_products.h"
#include "models/first_values.h"
#include "models/onnx_weight.h"

#include <thalweg/error.h>

#include <cmath>

namespace thalweg::lab {
namespace {

/// The tables of users, or of items: a module, so that their names are user.factors and user.bias.
class Side : public torch::nn::Module {
 public:
  Side(const std::string& name, std::int64_t rows, std::int64_t factors, std::uint64_t seed) {
    torch::Tensor first =
        draw(name + ".factors", {rows, factors}, std::sqrt(0.3 / std::sqrt(static_cast<double>(factors))), seed);
    first[0].zero_();
    factors_ = register_parameter("factors", first);
    bias_ = register_parameter("bias", torch::zeros({rows}));
  }
  const torch::Tensor& factors() const { return factors_; }
  const torch::Tensor& bias() const { return bias_; }

 private:
  torch::Tensor factors_, bias_;
};

}  // namespace

Factorization::Factorization(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed) : Model(seed) {
  const Input& codes = shape.only();
  if (codes.shape != std::vector<std::int64_t>{2}) {
    throw Error("factorization: takes two columns of categories, users and items, as ratings:FILE has them");
  }
  const auto users = register_module("user", std::make_shared<Side>("user", codes.sizes[0], options.factors, seed));
  const auto items = register_module("item", std::make_shared<Side>("item", codes.sizes[1], options.factors, seed));
  user_factors_ = users->factors();
  user_bias_ = users->bias();
  item_factors_ = items->factors();
  item_bias_ = items->bias();
}

torch::Tensor Factorization::forward(const std::vector<torch::Tensor>& inputs) {
  return factor_products({user_factors_, user_bias_, item_factors_, item_bias_}, inputs.front());
}

std::string Factorization::script() const {
  return "u = codes[:, 0]\n"
         "i = codes[:, 1]\n"
         "p = torch.embedding(self.user_factors, u)\n"
         "q = torch.embedding(self.item_factors, i)\n"
         "y = torch.sum(p * q, 1) + torch.index_select(self.user_bias, 0, u) + torch.index_select(self.item_bias, 0, "
         "i)\n";
}

// Indices of one column, [batch, 1], keep an axis, over which the factors of all pairs are [batch, 1, f].
std::string Factorization::onnx(OnnxGraph& graph, const std::vector<std::string>& inputs) const {
  using Integers = std::vector<std::int64_t>;
  const auto column = [&](std::int64_t place) {
    return graph.add("Gather", {inputs.front(), graph.constant(Integers{place})}, {{"axis", 1}});
  };
  const auto rows = [&](const char* name, const torch::Tensor& table, const std::string& indices) {
    return graph.add("Gather", {onnx_weight(graph, name, table), indices});
  };
  const std::string u = column(0), i = column(1);
  const std::string products =
      graph.add("Mul", {rows("user.factors", user_factors_, u), rows("item.factors", item_factors_, i)});
  const std::string sums = graph.add("ReduceSum", {products, graph.constant(Integers{2})}, {{"keepdims", 0}});
  const std::string biases = graph.add("Add", {rows("user.bias", user_bias_, u), rows("item.bias", item_bias_, i)});
  return graph.add("Add", {sums, biases});
}

torch::Tensor Factorization::all_scores(const torch::Tensor& users) const {
  const torch::NoGradGuard no_grad;
  return torch::addmm(item_bias_, torch::embedding(user_factors_, users), item_factors_.t()) +
         user_bias_.index_select(0, users).unsqueeze(1);
}

ModelEntry factorization_model() {
  return {
      .name = "factorization",
      .meaning = "ratings: biases and factors of users and items, whose products are added",
      .inputs = {InputKind::categories},
      .several = false,
      .targets = {TargetKind::number},
      .options = {"factors"},
      .make = [](const ModelShape& shape, const ModelOptions& options, std::uint64_t seed) -> std::shared_ptr<Model> {
        return std::make_shared<Factorization>(shape, options, seed);
      },
      .lr = 0.01};
}

}  // namespace thalweg::lab
