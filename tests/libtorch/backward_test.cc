// Steps in the backward pass: the bits of steps behind it, gradients freed, and what is refused.
#include "helpers.h"

namespace thalweg::inline v0_1::libtorch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const thalweg::AdamW kOptions{.lr = 1e-2, .weight_decay = 0.1};

/// Forward and backward on data that depends on `step` alone.
torch::Tensor backward(torch::nn::Sequential net, std::uint64_t step) {
  torch::manual_seed(700 + step);
  const torch::Tensor loss = net->forward(torch::randn({8, 4})).pow(2).mean();
  loss.backward();
  return loss;
}

TEST(StepInBackward, HasTheBitsOfAStepBehindIt) {
  Net net = seeded_net(), other = seeded_net();
  const Settings settings{.clip = {ClipBy::norm, 0.05, 1e-6},
                          .average = {.kind = AverageKind::ema, .decay = 0.5, .overwrite_every = 3}};
  const Execution execution{.report = Reporting::totals};
  const GroupPatterns groups{{"slow", {"first.*"}, thalweg::RMSprop{.lr = 1e-3, .momentum = 0.5}}};
  thalweg::libtorch::AdamW optimizer{*net, kOptions, groups, settings, execution},
      expected{*other, kOptions, groups, settings, execution};
  optimizer.step_in_backward(true);
  for (std::uint64_t step = 0; step < 7; ++step) {
    // One frozen parameter, whose average goes on.
    net->norm->bias.set_requires_grad(step % 3 != 1);
    other->norm->bias.set_requires_grad(step % 3 != 1);
    const torch::Tensor before = net->second->weight.detach().clone();
    libtorch::backward(net, step);
    EXPECT_FALSE(same_bits(net->second->weight, before)) << "stepped within the backward pass";
    for (const torch::Tensor& parameter : net->parameters()) EXPECT_FALSE(parameter.grad().defined());
    optimizer.step();
    expected.zero_grad();
    other->norm->bias.mutable_grad() = torch::Tensor();
    libtorch::backward(other, step);
    expected.step();
    EXPECT_TRUE(same_parameters(net, other)) << step;
    EXPECT_EQ(optimizer.report().gradient_norm, expected.report().gradient_norm);
    EXPECT_EQ(optimizer.report().update_norm, expected.report().update_norm);
  }
  EXPECT_EQ(safetensors::to_bytes(optimizer.state_dict()), safetensors::to_bytes(expected.state_dict()));
  optimizer.step_in_backward(false);
  const torch::Tensor before = net->second->weight.detach().clone();
  libtorch::backward(net, 9);
  EXPECT_TRUE(same_bits(net->second->weight, before));
  EXPECT_TRUE(net->second->weight.grad().defined());
}

TEST(StepInBackward, FewGradientsAreThereAtATime) {
  torch::manual_seed(1);
  torch::nn::Sequential net;
  for (int i = 0; i < 12; ++i) net->push_back(torch::nn::Linear(torch::nn::LinearOptions(4, 4).bias(false)));
  const std::vector<torch::Tensor> parameters = net->parameters();
  std::size_t most = 0;
  for (const torch::Tensor& parameter : parameters) {
    parameter.register_hook([&](const torch::Tensor&) {
      std::size_t there = 0;
      for (const torch::Tensor& each : parameters) there += each.grad().defined() ? 1 : 0;
      most = std::max(most, there);
    });
  }
  thalweg::libtorch::AdamW optimizer{net, kOptions};
  backward(net, 0);
  EXPECT_EQ(most, 11u);
  optimizer.step();
  optimizer.zero_grad();
  for (const torch::Tensor& parameter : parameters) parameter.mutable_grad() = torch::Tensor();
  most = 0;
  optimizer.step_in_backward(true);
  backward(net, 1);
  optimizer.step();
  EXPECT_EQ(most, 0u);
}

TEST(StepInBackward, ParametersOfEveryKind) {
  const auto make = [] {
    return std::vector<torch::Tensor>{
        leaf({5, 3}, 1), leaf({2, 4, 3, 3}, 2).detach().to(torch::MemoryFormat::ChannelsLast).requires_grad_(true),
        leaf({6, 4}, 3).detach().slice(1, 0, 2).requires_grad_(true), leaf({7}, 4), leaf({9, 2}, 5)};
  };
  const auto loss_of = [](const std::vector<torch::Tensor>& p) {
    // The first is used three times; the fourth not at all; of the last there is a sparse gradient.
    return (p[0].pow(3) + p[0]).sum() + (p[0] * p[0].detach().clone()).sum() + p[1].transpose(1, 2).pow(2).sum() +
           p[2].sin().sum() + torch::embedding(p[4], torch::tensor({3, 3, 7}), -1, false, true).pow(2).sum();
  };
  const std::vector<torch::Tensor> ours = make(), theirs = make();
  thalweg::libtorch::RMSprop optimizer(Parameters(ours), thalweg::RMSprop{.lr = 0.1, .momentum = 0.5});
  thalweg::libtorch::RMSprop expected(Parameters(theirs), thalweg::RMSprop{.lr = 0.1, .momentum = 0.5});
  optimizer.step_in_backward(true);
  for (int step = 0; step < 3; ++step) {
    optimizer.step([&] {
      const torch::Tensor loss = loss_of(ours);
      loss.backward();
      return loss;
    });
    for (const torch::Tensor& each : theirs) each.mutable_grad() = torch::Tensor();
    loss_of(theirs).backward();
    expected.step();
    for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_TRUE(same_bits(ours[i], theirs[i])) << i;
  }
  EXPECT_EQ(optimizer.engine().step_number(optimizer.engine().find("parameters.3")), 0);
}

TEST(StepInBackward, WhatWasNewOrGivenByHandIsSteppedByStep) {
  Net net = seeded_net();
  thalweg::libtorch::AdamW optimizer{*net, kOptions};
  optimizer.step_in_backward(true);
  const torch::Tensor added = leaf({3}, 1), before = added.detach().clone();
  optimizer.param_groups()[0].params().push_back(added);
  give_gradient(added, 1);
  libtorch::backward(net, 0);
  EXPECT_THAT(error_of([&] { optimizer.engine(); }), HasSubstr("call step(), which ends it, first"));
  optimizer.step();  // ends the step of the parameters that were there
  optimizer.step();
  EXPECT_FALSE(same_bits(added, before));
  EXPECT_FALSE(added.grad().defined());
  (added * 2).sum().backward();
  EXPECT_FALSE(added.grad().defined()) << "now it has a hook";
  optimizer.step();
  optimizer.remove("first.weight");
  libtorch::backward(net, 1);
  EXPECT_TRUE(net->first->weight.grad().defined());
  EXPECT_FALSE(net->first->bias.grad().defined());
}

TEST(StepInBackward, EndsWithTheOptimizer) {
  Net net = seeded_net();
  {
    thalweg::libtorch::AdamW made{*net, kOptions};
    made.step_in_backward(true);
    thalweg::libtorch::AdamW optimizer = std::move(made);
    libtorch::backward(net, 0);
    optimizer.step();
    EXPECT_FALSE(net->first->weight.grad().defined());
  }
  const torch::Tensor before = net->first->weight.detach().clone();
  libtorch::backward(net, 1);
  EXPECT_TRUE(same_bits(net->first->weight, before));
  EXPECT_TRUE(net->first->weight.grad().defined());
}

TEST(StepInBackward, WhatMustSeeAllGradientsFirstIsRefused) {
  Net net = seeded_net();
  const auto error = [&](Settings settings) {
    thalweg::libtorch::AdamW optimizer{*net, kOptions, std::move(settings)};
    const std::string message = error_of([&] { optimizer.step_in_backward(true); });
    libtorch::backward(net, 0);
    optimizer.step();  // as ever
    return message;
  };
  EXPECT_THAT(error({.clip = {ClipBy::global_norm, 1, 0}}),
              AllOf(HasSubstr("step_in_backward: clipping by the global norm must see all gradients first"),
                    HasSubstr("clip by norm or value")));
  EXPECT_THAT(error({.check = Check::guard}), HasSubstr("step_in_backward: Check::guard must see"));
  EXPECT_THAT(error({.dynamic_loss_scale = {.on = true}, .check = Check::guard}), HasSubstr("must see all gradients"));
  EXPECT_THAT(error({.accumulation = {.calls = 2}}), HasSubstr("step_in_backward: accumulation must see"));

  // Switched on in between, it is the backward pass that says so.
  thalweg::libtorch::AdamW optimizer{*net, kOptions};
  optimizer.step_in_backward(true);
  optimizer.engine().set_clip({ClipBy::global_norm, 1, 0});
  EXPECT_THAT(error_of([&] { libtorch::backward(net, 0); }), HasSubstr("clipping by the global norm"));
}

TEST(StepInBackward, AStepThatHasBegunMustEnd) {
  Net net = seeded_net();
  thalweg::libtorch::AdamW optimizer{*net, kOptions};
  optimizer.step_in_backward(true);
  libtorch::backward(net, 0);
  const auto begun = HasSubstr("a backward pass has begun a step; call step(), which ends it, first");
  EXPECT_THAT(error_of([&] { optimizer.state_dict(); }), AllOf(HasSubstr("state_dict: "), begun));
  EXPECT_THAT(error_of([&] { optimizer.swap_averages(); }), begun);
  EXPECT_THAT(error_of([&] { optimizer.step_in_backward(false); }), begun);
  EXPECT_THAT(error_of([&] { libtorch::backward(net, 1); }),
              AllOf(HasSubstr("has a second gradient in one step"), HasSubstr("call step() after each backward pass")));
  optimizer.step();
  optimizer.state_dict();
  for (const Handle handle : optimizer.engine().handles()) EXPECT_EQ(optimizer.engine().step_number(handle), 1);
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
