// Rows that come and go: a tensor takes another's place, and the state follows.
#include "helpers.h"

namespace thalweg::inline v0_1::libtorch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

torch::Tensor with_gradient(const torch::Tensor& tensor) { return tensor.detach().clone().requires_grad_(true); }

/// Points with positions and weights, of which only the positions' rows change.
struct Points {
  torch::Tensor means = leaf({6, 3}, 1), weights = leaf({4}, 2);
  thalweg::libtorch::Adam optimizer{Parameters{{"means", means}, {"weights", weights}}, thalweg::Adam{.lr = 0.1},
                                    Settings{.average = {.kind = AverageKind::ema, .decay = 0.5}}};

  void step(std::uint64_t number) {
    give_gradients({means, weights}, number);
    optimizer.step();
  }
};

TEST(RowsTest, KeptRowsTakeTheirStateAlong) {
  for (const bool as_tensor : {false, true}) {
    Points points;
    points.step(0);
    points.step(1);
    const torch::Tensor rows = torch::tensor({5, 0, 0, 3}, torch::kLong);
    std::vector<torch::Tensor> before;
    for (const char* column : {"m", "v"}) before.push_back(points.optimizer.state("means", column).clone());
    before.push_back(points.optimizer.average("means").clone());
    const torch::Tensor old = points.means, kept = with_gradient(old.index_select(0, rows));
    if (as_tensor) {
      points.optimizer.keep_rows("means", rows, kept);
    } else {
      points.optimizer.keep_rows("means", std::vector<std::int64_t>{5, 0, 0, 3}, kept);
    }
    EXPECT_TRUE(same_bits(points.optimizer.state("means", "m"), before[0].index_select(0, rows)));
    EXPECT_TRUE(same_bits(points.optimizer.state("means", "v"), before[1].index_select(0, rows)));
    EXPECT_TRUE(same_bits(points.optimizer.average("means"), before[2].index_select(0, rows)));
    EXPECT_TRUE(points.optimizer.param_groups()[0].params()[0].is_same(kept));
    points.means = kept;
    const torch::Tensor old_values = old.detach().clone(), values = kept.detach().clone();
    points.step(2);
    EXPECT_TRUE(same_bits(old, old_values));
    EXPECT_FALSE(same_bits(kept, values));
    EXPECT_EQ(points.optimizer.engine().step_number(points.optimizer.engine().find("means")), 3);
  }
}

TEST(RowsTest, AppendedRowsBeginAnew) {
  Points points;
  points.step(0);
  const torch::Tensor m = points.optimizer.state("means", "m").clone();
  const torch::Tensor grown = with_gradient(torch::cat({points.means.detach(), torch::ones({2, 3})}));
  points.optimizer.append_rows("means", grown);
  EXPECT_TRUE(same_bits(points.optimizer.state("means", "m"), torch::cat({m, torch::zeros({2, 3})})));
  EXPECT_TRUE(same_bits(points.optimizer.average("means").slice(0, 6), torch::ones({2, 3})));
  points.means = grown;
  points.step(1);
  EXPECT_EQ(points.optimizer.state("means", "m").size(0), 8);
}

TEST(RowsTest, RowsThatAreResetBeginAnew) {
  Points points;
  points.step(0);
  points.optimizer.reset_rows("means", torch::tensor({1, 4}, torch::kLong));
  const torch::Tensor m = points.optimizer.state("means", "m"), average = points.optimizer.average("means");
  for (std::int64_t row = 0; row < 6; ++row) {
    const bool reset = row == 1 || row == 4;
    EXPECT_EQ(m[row].abs().sum().item<float>() == 0, reset);
    EXPECT_TRUE(!reset || same_bits(average[row], points.means[row]));
  }
}

TEST(RowsTest, OfTensorsInAnyOrderInMemory) {
  // A transposed table, and a slice with gaps: both as one in row-major order.
  for (const bool gaps : {false, true}) {
    const torch::Tensor plain = leaf({6, 4}, 1);
    const torch::Tensor other =
        (gaps ? torch::stack({plain.detach(), plain.detach()}, -1).select(-1, 0) : plain.detach().t().contiguous().t())
            .requires_grad_(true);
    ASSERT_FALSE(other.is_contiguous());
    thalweg::libtorch::RMSprop ours({{"w", other}}, {.lr = 0.1}), expected({{"w", plain}}, {.lr = 0.1});
    give_gradients({other}, 1);
    give_gradients({plain}, 1);
    ours.step();
    expected.step();
    const std::vector<std::int64_t> rows{4, 1};
    const torch::Tensor which = torch::tensor({4, 1}, torch::kLong);
    const torch::Tensor few = other.detach().index_select(0, which).t().contiguous().t().requires_grad_(true);
    const torch::Tensor few_plain = with_gradient(plain.index_select(0, which));
    ours.keep_rows("w", rows, few);
    expected.keep_rows("w", rows, few_plain);
    give_gradients({few}, 2);
    give_gradients({few_plain}, 2);
    ours.step();
    expected.step();
    EXPECT_TRUE(same_bits(few, few_plain));
    EXPECT_TRUE(same_bits(ours.state("w", "v"), expected.state("w", "v")));
  }
}

TEST(RowsTest, WithStepsInTheBackwardPass) {
  const torch::Tensor w = leaf({4, 2}, 1);
  thalweg::libtorch::SGD optimizer({{"w", w}}, {.lr = 1});
  optimizer.step_in_backward(true);
  const torch::Tensor less = with_gradient(w.slice(0, 0, 3));
  optimizer.keep_rows("w", {0, 1, 2}, less);
  const torch::Tensor before = less.detach().clone();
  less.sum().backward();
  EXPECT_TRUE(same_bits(less, before - 1));
  optimizer.step();
  w.sum().backward();
  EXPECT_TRUE(w.grad().defined()) << "the old one is left alone";
}

TEST(RowsTest, WhatDoesNotFitChangesNothing) {
  Points points;
  points.step(0);
  const auto bytes = safetensors::to_bytes(points.optimizer.state_dict());
  const auto keep = [&](std::vector<std::int64_t> rows, const torch::Tensor& tensor) {
    return error_of([&] { points.optimizer.keep_rows("means", rows, tensor); });
  };
  EXPECT_THAT(keep({0}, leaf({1, 4}, 1)),
              HasSubstr("the tensor that is to be parameter \"means\" has shape [1, 4], the one before [6, 3]"));
  EXPECT_THAT(keep({0}, leaf({3}, 1)), HasSubstr("has shape [3]"));
  EXPECT_THAT(keep({0}, leaf({}, 1)), HasSubstr("has shape []"));
  EXPECT_THAT(keep({0}, leaf({1, 3}, 1, torch::kDouble)), HasSubstr("has dtype double, the one before float"));
  EXPECT_THAT(keep({0}, torch::zeros({1, 3})), HasSubstr("call requires_grad_() on it"));
  EXPECT_THAT(keep({0}, leaf({1, 3}, 1) * 2), HasSubstr("is not a leaf"));
  EXPECT_THAT(keep({0, 1}, leaf({1, 3}, 1)), HasSubstr("\"means\""));
  EXPECT_THAT(keep({6}, leaf({1, 3}, 1)), HasSubstr("\"means\" has no row 6"));
  EXPECT_THAT(keep({-1}, leaf({1, 3}, 1)), HasSubstr("\"means\" has no row -1"));
  EXPECT_THAT(error_of([&] {
                points.optimizer.keep_rows("mean", {0}, leaf({1, 3}, 1));
              }),
              HasSubstr("did you mean means"));
  EXPECT_THAT(error_of([&] { points.optimizer.append_rows("means", leaf({5, 3}, 1)); }), HasSubstr("\"means\""));
  EXPECT_NO_THROW(points.optimizer.keep_rows("weights", {0, 1, 2, 3}, points.weights)) << "it may stay the tensor";
  EXPECT_THAT(error_of([&] { points.optimizer.reset_rows("means", {6}); }), HasSubstr("has no row 6"));
  EXPECT_THAT(error_of([&] { points.optimizer.reset_rows("means", torch::zeros({1})); }),
              AllOf(HasSubstr("reset_rows: the rows are of dtype float"), HasSubstr("long")));
  EXPECT_THAT(error_of([&] {
                points.optimizer.reset_rows("means", torch::zeros({1, 1}, torch::kLong));
              }),
              HasSubstr("of shape [1, 1]"));
  const torch::Tensor other = leaf({4, 3}, 1);
  points.optimizer.add("other", other);
  EXPECT_THAT(keep({0, 1, 2, 3}, other), HasSubstr("is parameter \"other\" already"));
  points.optimizer.remove("other");
  EXPECT_EQ(safetensors::to_bytes(points.optimizer.state_dict()), bytes);
  points.step(1);
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
