// Clipping and averages through the adapter, against LibTorch's own clipping and averages taken by hand.
#include "helpers.h"

namespace thalweg::libtorch {
namespace {

TEST(Clipping, IsClipGradNorm) {
  Net ours = seeded_net(), theirs = seeded_net();
  Optimizer optimizer{*ours, thalweg::RMSprop{}, Settings{.clip = {ClipBy::global_norm, 0.5, 1e-6}}};
  torch::optim::RMSprop other(theirs->parameters(), torch::optim::RMSpropOptions(1e-2));
  for (std::uint64_t step = 0; step < 5; ++step) {
    give_gradients(ours->parameters(), step);
    give_gradients(theirs->parameters(), step);
    const double norm = torch::nn::utils::clip_grad_norm_(theirs->parameters(), 0.5);
    optimizer.step();
    other.step();
    EXPECT_NEAR(optimizer.engine().gradient_norm().value(), norm, 1e-5 * norm);
  }
  for (std::size_t i = 0; i < ours->parameters().size(); ++i) {
    EXPECT_LE(relative_error(ours->parameters()[i], theirs->parameters()[i]), 1e-5);
  }
}

/// A parameter of each kind: plain, channels-last, a slice with gaps, and one that never has a gradient.
struct Kinds {
  torch::Tensor plain = leaf({5, 3}, 1);
  torch::Tensor channels_last =
      leaf({2, 4, 3, 3}, 2).detach().to(torch::MemoryFormat::ChannelsLast).requires_grad_(true);
  torch::Tensor slice = leaf({6, 4}, 3).detach().slice(1, 0, 2).requires_grad_(true);
  torch::Tensor still = leaf({7}, 4);

  std::vector<torch::Tensor> all() const { return {plain, channels_last, slice, still}; }
};

TEST(Averages, OfEveryKindOfParameter) {
  Kinds kinds;
  Optimizer optimizer{Parameters(kinds.all()), thalweg::Adam{.lr = 0.1},
                      Settings{.average = {.kind = AverageKind::ema, .decay = 0.75}}};
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> expected;
  for (std::uint64_t step = 0; step < 4; ++step) {
    give_gradients({kinds.plain, kinds.channels_last, kinds.slice}, step);
    if (step == 2) kinds.slice.add_(1);  // changed behind the optimizer's back
    optimizer.step();
    for (std::size_t i = 0; i < 4; ++i) {
      if (step == 0) {
        expected.push_back(kinds.all()[i].clone());
      } else {
        expected[i] = 0.75 * expected[i] + 0.25 * kinds.all()[i];
      }
    }
  }
  std::vector<torch::Tensor> points;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string name = "parameters." + std::to_string(i);
    EXPECT_LE(relative_error(optimizer.average(name), expected[i]), 1e-6) << name;
    points.push_back(kinds.all()[i].clone());
  }
  {
    const SwappedAverages averages(optimizer);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_LE(relative_error(kinds.all()[i], expected[i]), 1e-6) << i;
    EXPECT_THROW(optimizer.step(), Error);
    EXPECT_THROW(optimizer.state_dict(), Error);
  }
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(same_bits(kinds.all()[i], points[i])) << i;
}

TEST(Averages, OverwriteEveryKindOfParameter) {
  Kinds kinds;
  Optimizer optimizer{Parameters(kinds.all()), thalweg::SGD{.lr = 0.1},
                      Settings{.average = {.kind = AverageKind::mean, .overwrite_every = 3}}};
  for (std::uint64_t step = 0; step < 3; ++step) {
    give_gradients({kinds.plain, kinds.channels_last, kinds.slice}, step);
    optimizer.step();
  }
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(same_bits(kinds.all()[i], optimizer.average("parameters." + std::to_string(i)))) << i;
  }
}

TEST(Averages, AreSavedInRowMajorOrder) {
  Kinds kinds, others;
  const Settings settings{.average = {.kind = AverageKind::ema, .decay = 0.5}};
  Optimizer optimizer{Parameters(kinds.all()), thalweg::SGD{.lr = 0.1}, settings};
  for (std::uint64_t step = 0; step < 3; ++step) {
    give_gradients({kinds.plain, kinds.channels_last, kinds.slice}, step);
    optimizer.step();
  }
  others.channels_last = others.channels_last.detach().contiguous().requires_grad_(true);
  Optimizer loaded{Parameters(others.all()), thalweg::SGD{}};
  loaded.load_state_dict(optimizer.state_dict());
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string name = "parameters." + std::to_string(i);
    EXPECT_TRUE(same_bits(optimizer.average(name), loaded.average(name))) << name;
  }
  EXPECT_EQ(loaded.engine().settings().average, settings.average);
}

TEST(Averages, FollowAnotherMemoryFormat) {
  torch::Tensor tensor = leaf({2, 4, 3, 3}, 2);
  Optimizer optimizer{Parameters({tensor}), thalweg::SGD{.lr = 0.1}, Settings{.average = {.kind = AverageKind::mean}}};
  give_gradient(tensor, 0);
  optimizer.step();
  const torch::Tensor before = optimizer.average("parameters.0").clone();
  tensor.set_data(tensor.detach().to(torch::MemoryFormat::ChannelsLast));
  give_gradient(tensor, 1);
  optimizer.step();
  EXPECT_LE(relative_error(optimizer.average("parameters.0"), (before + tensor.detach()) / 2), 1e-6);
}

}  // namespace
}  // namespace thalweg::libtorch
