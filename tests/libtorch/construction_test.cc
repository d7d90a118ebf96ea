// How an optimizer is made: from a module, named parameters or a plain list; names; step, closure, zero_grad.
#include "helpers.h"

namespace thalweg::inline v0_1::libtorch {
namespace {

using testing::ElementsAre;

std::vector<std::string> names_of(Optimizer& optimizer) {
  std::vector<std::string> names;
  for (const Handle handle : optimizer.engine().handles()) names.push_back(optimizer.engine().name(handle));
  return names;
}

TEST(ConstructionTest, FromModule) {
  Net net = seeded_net();
  thalweg::libtorch::RMSprop optimizer{*net, {.lr = 1e-3, .momentum = 0.9}};
  EXPECT_THAT(names_of(optimizer),
              ElementsAre("first.weight", "first.bias", "norm.weight", "norm.bias", "second.weight", "second.bias"));
  EXPECT_EQ(optimizer.engine().options().get("lr"), 1e-3);
  EXPECT_EQ(optimizer.engine().options().get("momentum"), 0.9);
  EXPECT_EQ(optimizer.size(), 6u);
  EXPECT_EQ(optimizer.parameters().size(), 6u);

  thalweg::libtorch::RMSprop from_holder{net, {.lr = 1e-3}};
  EXPECT_EQ(names_of(from_holder), names_of(optimizer));
  torch::nn::Sequential sequential(torch::nn::Linear(2, 2), torch::nn::ReLU(), torch::nn::Linear(2, 1));
  thalweg::libtorch::Adam with_defaults{*sequential};
  EXPECT_THAT(names_of(with_defaults), ElementsAre("0.weight", "0.bias", "2.weight", "2.bias"));
  thalweg::libtorch::SGD by_the_reference{*sequential, {.lr = 0.1}, {}, {.threads = 1, .backend = "reference"}};
  EXPECT_EQ(by_the_reference.engine().target(), "reference");
  EXPECT_EQ(by_the_reference.engine().execution().threads, 1);
  Optimizer described{*sequential, parse_description("adamw clip=norm:2"), {.threads = 3}};
  EXPECT_EQ(described.engine().settings().clip.by, ClipBy::norm);
  EXPECT_EQ(described.engine().execution().threads, 3);
}

TEST(ConstructionTest, FromNamedParameters) {
  Net net = seeded_net();
  thalweg::libtorch::RMSprop from_dict(net->named_parameters(), {.lr = 1e-3});
  EXPECT_EQ(from_dict.engine().size(), 6u);
  const torch::Tensor w = leaf({2}, 1), b = leaf({3}, 2);
  thalweg::libtorch::RMSprop from_braces({{"w", w}, {"b", b}}, {.lr = 1e-3});
  EXPECT_THAT(names_of(from_braces), ElementsAre("w", "b"));
  const std::vector<std::pair<std::string, torch::Tensor>> pairs{{"b", b}, {"w", w}};
  thalweg::libtorch::RMSprop from_pairs(pairs, {.lr = 1e-3});
  EXPECT_THAT(names_of(from_pairs), ElementsAre("b", "w"));
}

TEST(ConstructionTest, FromPlainListWithPositionalNames) {
  Net net = seeded_net();
  thalweg::libtorch::RMSprop optimizer(net->parameters(), {.lr = 1e-3});
  EXPECT_EQ(names_of(optimizer).front(), "parameters.0");
  EXPECT_EQ(names_of(optimizer).back(), "parameters.5");
  const torch::Tensor w = leaf({2}, 1), b = leaf({3}, 2);
  thalweg::libtorch::RMSprop from_braces({w, b}, {.lr = 1e-3});
  EXPECT_THAT(names_of(from_braces), ElementsAre("parameters.0", "parameters.1"));
}

TEST(ConstructionTest, FromRuntimeOptions) {
  Net net = seeded_net();
  Optimizer optimizer(*net, parse_options("nadam:lr=0.25"));
  EXPECT_EQ(optimizer.engine().rule().name, "nadam");
  EXPECT_EQ(optimizer.engine().lr(), 0.25);
}

TEST(ConstructionTest, TiedWeightsStepOnce) {
  const torch::Tensor w = leaf({4}, 1);
  thalweg::libtorch::SGD optimizer({{"encoder", w}, {"decoder", w}}, {.lr = 1});
  EXPECT_THAT(names_of(optimizer), ElementsAre("encoder"));
  const torch::Tensor before = w.detach().clone();
  w.mutable_grad() = torch::ones({4});
  optimizer.step();
  EXPECT_TRUE(same_bits(w, before - 1));
}

TEST(ConstructionTest, IsALibTorchOptimizerAndMovable) {
  Net net = seeded_net();
  thalweg::libtorch::RMSprop made{*net, {.lr = 1e-2}};
  train(net, made, 0, 3);
  thalweg::libtorch::RMSprop moved = std::move(made);
  std::unique_ptr<torch::optim::Optimizer> optimizer = std::make_unique<thalweg::libtorch::RMSprop>(std::move(moved));
  optimizer->param_groups()[0].options().set_lr(5e-3);
  train(net, *optimizer, 3, 3);

  Net other = seeded_net();
  thalweg::libtorch::RMSprop kept{*other, {.lr = 1e-2}};
  train(other, kept, 0, 3);
  kept.engine().set("lr", 5e-3);
  train(other, kept, 3, 3);
  EXPECT_TRUE(same_parameters(net, other));
}

TEST(StepTest, ClosureGivesTheLoss) {
  Net net = seeded_net(), other = seeded_net();
  thalweg::libtorch::RMSprop optimizer{*net, {.lr = 1e-2}}, plain{*other, {.lr = 1e-2}};
  const torch::Tensor loss = optimizer.step([&] {
    EXPECT_TRUE(torch::GradMode::is_enabled());
    optimizer.zero_grad();
    return backward(net, 0);
  });
  const torch::Tensor expected = backward(other, 0);
  plain.step();
  EXPECT_TRUE(same_bits(loss, expected));
  EXPECT_TRUE(same_parameters(net, other));
  EXPECT_TRUE(torch::GradMode::is_enabled());
  EXPECT_FALSE(optimizer.step([] { return torch::Tensor(); }).defined());
  EXPECT_FALSE(optimizer.step().defined());
  // Also inside a closure's own no-grad scope.
  const torch::NoGradGuard no_grad;
  optimizer.step([&] {
    optimizer.zero_grad();
    return backward(net, 1);
  });
}

TEST(StepTest, ClosureThatThrowsChangesNothing) {
  Net net = seeded_net(), other = seeded_net();
  thalweg::libtorch::RMSprop optimizer{*net, {.lr = 1e-2}};
  backward(net, 0);
  EXPECT_THROW(optimizer.step([]() -> torch::Tensor { throw std::runtime_error("no data"); }), std::runtime_error);
  EXPECT_TRUE(same_parameters(net, other));
  EXPECT_TRUE(torch::GradMode::is_enabled());
}

TEST(StepTest, ZeroGrad) {
  Net net = seeded_net();
  thalweg::libtorch::RMSprop optimizer{*net, {.lr = 1e-2}};
  backward(net, 0);
  optimizer.zero_grad();
  for (const torch::Tensor& parameter : net->parameters()) {
    EXPECT_TRUE(!parameter.grad().defined() || parameter.grad().abs().max().item<float>() == 0);
  }
}

TEST(StepTest, BackwardThroughOldValuesIsRefused) {
  const torch::Tensor w = leaf({4}, 1);
  thalweg::libtorch::SGD optimizer({{"w", w}}, {.lr = 0.1});
  const torch::Tensor loss = (w * w).sum();  // keeps w for its backward pass
  give_gradient(w, 1);
  optimizer.step();
  EXPECT_THROW(loss.backward(), c10::Error);
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
