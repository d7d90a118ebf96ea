// Clipping and averages through the adapter, against LibTorch's own clipping and averages taken by hand.
#include "helpers.h"

namespace thalweg::inline v0_1::libtorch {
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
    EXPECT_NEAR(optimizer.engine().report().gradient_norm.value(), norm, 1e-5 * norm);
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

TEST(Averages, LoadIntoAnotherMemoryFormat) {
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

/// A network with batch norm, whose running mean and variance are buffers.
struct Normed {
  Normed() {
    torch::manual_seed(5);
    net = torch::nn::Sequential(torch::nn::Linear(4, 3), torch::nn::BatchNorm1d(3), torch::nn::Linear(3, 1));
  }
  void train(torch::optim::Optimizer& optimizer, std::uint64_t step) {
    torch::manual_seed(step);
    optimizer.zero_grad();
    net->forward(torch::randn({8, 4}) * 2 + 1).pow(2).mean().backward();
    optimizer.step();
  }
  torch::Tensor mean() { return net->named_buffers()["1.running_mean"]; }
  torch::Tensor count() { return net->named_buffers()["1.num_batches_tracked"]; }

  torch::nn::Sequential net{nullptr};
};

TEST(BufferAverages, AreTakenAndSwappedWithTheParameters) {
  Normed model;
  thalweg::libtorch::SGD optimizer{
      *model.net,
      {.lr = 0.01},
      {.average = {.kind = AverageKind::ema, .decay = 0.75, .start = 2, .overwrite_every = 3}}};
  optimizer.average_buffers(model.net);
  EXPECT_FALSE(optimizer.buffer_average("1.running_mean").defined());
  torch::Tensor expected;
  for (std::uint64_t step = 1; step <= 5; ++step) {
    model.train(optimizer, step);
    if (step == 2) expected = model.mean().clone();
    if (step > 2) expected = 0.75 * expected + 0.25 * model.mean();
  }
  EXPECT_LE(relative_error(optimizer.buffer_average("1.running_mean"), expected), 1e-6);
  const torch::Tensor before = model.mean().clone();
  EXPECT_FALSE(same_bits(before, expected)) << "buffers are never overwritten";
  {
    const SwappedAverages averages(optimizer);
    EXPECT_LE(relative_error(model.mean(), expected), 1e-6);
    EXPECT_EQ(model.count().item<std::int64_t>(), 5);
  }
  EXPECT_TRUE(same_bits(model.mean(), before));
  EXPECT_THROW(optimizer.average_buffers(model.net), Error) << "after the first step";
  EXPECT_NE(error_of([&] { optimizer.buffer_average("running_mean"); }), "");
}

TEST(BufferAverages, AreSavedWithTheState) {
  const Settings settings{.average = {.kind = AverageKind::mean}};
  Normed whole, model;
  thalweg::libtorch::SGD uninterrupted{*whole.net, {.lr = 0.01}, settings}, before{*model.net, {.lr = 0.01}, settings};
  uninterrupted.average_buffers(whole.net);
  before.average_buffers(model.net);
  for (std::uint64_t step = 1; step <= 3; ++step) {
    whole.train(uninterrupted, step);
    model.train(before, step);
  }
  std::stringstream parameters, state;
  torch::save(model.net, parameters);
  torch::save(before, state);

  Normed second;
  torch::load(second.net, parameters);  // buffers are in other memory from now on
  thalweg::libtorch::SGD after{*second.net, {.lr = 0.01}, settings};
  EXPECT_THAT(error_of([&] { torch::load(after, state); }), testing::HasSubstr("call average_buffers(model) first"));
  after.average_buffers(second.net);
  state.seekg(0);
  torch::load(after, state);
  for (std::uint64_t step = 4; step <= 6; ++step) {
    whole.train(uninterrupted, step);
    second.train(after, step);
  }
  EXPECT_TRUE(same_bits(after.buffer_average("1.running_mean"), uninterrupted.buffer_average("1.running_mean")));
  EXPECT_TRUE(same_bits(after.average("2.weight"), uninterrupted.average("2.weight")));

  // A state without them lets them begin anew; one that does not fit changes neither.
  const auto bytes = safetensors::to_bytes(after.state_dict());
  State broken = before.state_dict();
  broken.tensors.erase("2.weight/average");
  EXPECT_NE(error_of([&] { after.load_state_dict(broken); }), "");
  EXPECT_EQ(safetensors::to_bytes(after.state_dict()), bytes);
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
