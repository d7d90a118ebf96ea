// Sparse gradients: the step equals the dense one.
#include "helpers.h"

namespace thalweg::inline v0_1::libtorch {
namespace {

torch::Tensor sparse(const std::vector<std::vector<std::int64_t>>& indices, const torch::Tensor& values,
                     std::vector<std::int64_t> sizes) {
  torch::Tensor rows = torch::empty({static_cast<std::int64_t>(indices.size()), values.size(0)}, torch::kLong);
  for (std::size_t i = 0; i < indices.size(); ++i) rows[static_cast<std::int64_t>(i)].copy_(torch::tensor(indices[i]));
  return torch::sparse_coo_tensor(rows, values, sizes);
}

TEST(SparseTest, EmbeddingEqualsDense) {
  for (const torch::Dtype dtype : {torch::kFloat, torch::kDouble}) {
    std::vector<torch::nn::Embedding> embeddings;
    std::vector<std::unique_ptr<thalweg::libtorch::RMSprop>> optimizers;
    for (const bool is_sparse : {false, true}) {
      torch::manual_seed(1);
      embeddings.emplace_back(torch::nn::EmbeddingOptions(20, 6).sparse(is_sparse));
      embeddings.back()->to(dtype);
      optimizers.push_back(std::make_unique<thalweg::libtorch::RMSprop>(
          *embeddings.back(), thalweg::RMSprop{.lr = 0.1, .alpha = 0.9, .momentum = 0.5, .centered = true}));
    }
    for (std::int64_t step = 0; step < 6; ++step) {
      for (std::size_t i = 0; i < 2; ++i) {
        optimizers[i]->zero_grad();
        embeddings[i]->weight.mutable_grad() = torch::Tensor();
        // Row 3 three times in one batch.
        const torch::Tensor rows = torch::tensor({3, 7, 3, 3, static_cast<int>(step), 19}, torch::kLong);
        (embeddings[i](rows) * torch::arange(36, dtype).view({6, 6}).sin()).sum().backward();
        EXPECT_EQ(embeddings[i]->weight.grad().is_sparse(), i == 1);
        if (i == 1) {
          EXPECT_FALSE(embeddings[i]->weight.grad().is_coalesced());
        }
        optimizers[i]->step();
      }
      EXPECT_LE(relative_error(embeddings[1]->weight, embeddings[0]->weight), dtype == torch::kFloat ? 1e-5 : 1e-12);
      for (const char* column : {"v", "m", "b"}) {
        EXPECT_LE(relative_error(optimizers[1]->state("weight", column), optimizers[0]->state("weight", column)),
                  dtype == torch::kFloat ? 1e-5 : 1e-12);
      }
    }
  }
}

/// A step with this sparse gradient against one with the same gradient dense.
void expect_equals_dense(const torch::Tensor& w, const torch::Tensor& gradient) {
  const torch::Tensor plain = w.detach().clone(torch::MemoryFormat::Contiguous).requires_grad_(true);
  thalweg::libtorch::Adam ours({{"w", w}}, {.lr = 0.1}), expected({{"w", plain}}, {.lr = 0.1});
  for (int step = 0; step < 3; ++step) {
    w.mutable_grad() = gradient;
    plain.mutable_grad() = gradient.to_dense();
    ours.step();
    expected.step();
    EXPECT_LE(relative_error(w, plain), 1e-6);
    EXPECT_LE(relative_error(ours.state("w", "v"), expected.state("w", "v")), 1e-6);
  }
}

TEST(SparseTest, Coalesced) {
  const torch::Tensor gradient = sparse({{2, 0, 2}}, leaf({3, 4}, 2).detach(), {5, 4});
  expect_equals_dense(leaf({5, 4}, 1), gradient.coalesce());
  expect_equals_dense(leaf({5, 4}, 1), gradient);
}

TEST(SparseTest, SeveralSparseDimensions) {
  expect_equals_dense(leaf({5, 4}, 1), sparse({{2, 0, 2}, {1, 3, 1}}, leaf({3}, 2).detach(), {5, 4}));
  expect_equals_dense(leaf({5, 4, 2}, 1), sparse({{2, 0, 4}, {1, 3, 1}}, leaf({3, 2}, 2).detach(), {5, 4, 2}));
}

TEST(SparseTest, WithoutAnyRow) {
  expect_equals_dense(leaf({5, 4}, 1), torch::sparse_coo_tensor({5, 4}, torch::kFloat));
}

TEST(SparseTest, TableInAnotherOrder) {
  expect_equals_dense(leaf({4, 5}, 1).detach().t().requires_grad_(true),
                      sparse({{2, 0, 2}}, leaf({3, 4}, 2).detach(), {5, 4}));
}

TEST(SparseTest, TableWithGaps) {
  expect_equals_dense(leaf({5, 8}, 1).detach().slice(1, 0, 4).requires_grad_(true),
                      sparse({{2, 0, 2}}, leaf({3, 4}, 2).detach(), {5, 4}));
}

TEST(SparseTest, TogetherWithDenseOnes) {
  const torch::Tensor table = leaf({5, 2}, 1), w = leaf({3}, 2);
  thalweg::libtorch::SGD optimizer({{"table", table}, {"w", w}}, {.lr = 1});
  const torch::Tensor table_before = table.detach().clone(), w_before = w.detach().clone();
  table.mutable_grad() = sparse({{4}}, torch::ones({1, 2}), {5, 2});
  w.mutable_grad() = torch::ones({3});
  optimizer.step();
  EXPECT_TRUE(same_bits(table, table_before - table.grad().to_dense()));
  EXPECT_TRUE(same_bits(w, w_before - 1));
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
