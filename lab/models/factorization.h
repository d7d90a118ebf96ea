// Factorization: what a user thinks of an item, by their biases and factors.
#pragma once

#include "models/model.h"

namespace thalweg::lab {

/// μ + b_u + b_i + p_u · q_i (Koren, Bell and Volinsky 2009, "Matrix Factorization Techniques for Recommender Systems",
/// eq. 4). μ is the target's mean, which the data's scaling has taken out. Row 0 is who and what the training does not
/// know: zeros, which no gradient reaches. Gradients are rows: those of the batch's users and items.
///
/// Parameters: user.factors [users, f], user.bias [users], item.factors [items, f], item.bias [items]. Factors begin
/// uniform in ±√(0.3 / √f), so that their products have deviation 0.1, whatever f; biases at 0.
///
/// Takes codes [batch, 1 + k]: a user and k items. Gives [batch, k].
class Factorization : public Model {
 public:
  Factorization(const ModelShape& shape, const ModelOptions& options, std::uint64_t seed);

  torch::Tensor forward(const std::vector<torch::Tensor>& inputs) override;
  std::string script() const override;
  std::string onnx(OnnxGraph& graph, const std::vector<std::string>& inputs) const override;

  /// Of these users (int64 [n]) with all items: f32 [n, items], without autograd.
  torch::Tensor all_scores(const torch::Tensor& users) const;

 private:
  torch::Tensor user_factors_, user_bias_, item_factors_, item_bias_;
};

}  // namespace thalweg::lab
