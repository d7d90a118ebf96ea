// Products of users' and items' factors, with gradients that are rows.
#pragma once

#include <torch/types.h>

namespace thalweg::lab {

/// Tables of a factorization: factors [rows, f] and biases [rows], f32 and contiguous.
struct FactorTables {
  torch::Tensor user_factors, user_bias, item_factors, item_bias;
};

/// Of codes (int64 [n, 1 + k], contiguous: a user and k items) b_u + b_i + p_u · q_i: f32 [n, k]. Gradients of the
/// tables are sparse and coalesced. Each of their rows is a sum over the batch in its order, so that no bit depends on
/// the number of threads. Throws thalweg::Error for a code that is no row.
torch::Tensor factor_products(const FactorTables& tables, const torch::Tensor& codes);

}  // namespace thalweg::lab
