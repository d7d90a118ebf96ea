// Groups with rules of their own in one optimizer: options, steps, saved state, and what each rule asks for.
#include "helpers.h"

#include <thalweg/kernels/engine_rule.h>

namespace thalweg::inline v0_1::libtorch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const thalweg::AdamW kAdamW{.lr = 1e-2, .weight_decay = 0.1};
const thalweg::Adagrad kAdagrad{.lr = 0.05};

GroupPatterns first_layer() { return {{"first", {"first.*"}, kAdagrad}}; }

TEST(SeveralRules, StepAsOptimizersOfTheirOwn) {
  Net net = seeded_net(), other = seeded_net();
  thalweg::libtorch::AdamW optimizer{*net, kAdamW, first_layer()};
  optimizer.add_group("scale", thalweg::SGD{.lr = 0.3, .momentum = 0.5});
  optimizer.remove("norm.weight");
  optimizer.add("norm.weight", net->norm->weight, "scale");
  thalweg::libtorch::AdamW rest({other->norm->bias, other->second->weight, other->second->bias}, kAdamW);
  thalweg::libtorch::Adagrad first(other->first->parameters(), kAdagrad);
  thalweg::libtorch::SGD scale({other->norm->weight}, {.lr = 0.3, .momentum = 0.5});
  for (std::uint64_t step = 0; step < 4; ++step) {
    give_gradients(net->parameters(), step);
    give_gradients(other->parameters(), step);
    optimizer.step();
    rest.step();
    first.step();
    scale.step();
  }
  EXPECT_TRUE(same_parameters(net, other));
  EXPECT_TRUE(same_bits(optimizer.state("first.bias", "v"), first.state("parameters.1", "v")));
  EXPECT_NE(error_of([&] { optimizer.state("first.bias", "m"); }), "");
}

TEST(SeveralRules, OptionsAreOfEachGroupsOwnType) {
  Net net = seeded_net();
  thalweg::libtorch::AdamW optimizer{*net, kAdamW, first_layer()};
  EXPECT_EQ(optimizer.group_options("first").options().as<thalweg::Adagrad>().lr, 0.05);
  static_cast<torch::optim::AdagradOptions&>(optimizer.param_groups()[1].options()).lr_decay(0.25);
  static_cast<torch::optim::AdamWOptions&>(optimizer.param_groups()[0].options()).betas(std::make_tuple(0.5, 0.75));
  optimizer.step();
  EXPECT_EQ(optimizer.engine().options(Group{1}).get("lr_decay"), 0.25);
  EXPECT_EQ(optimizer.engine().options(Group{0}).get("beta2"), 0.75);
  optimizer.set("lr_decay", 0.5);  // in the groups whose rule has it
  EXPECT_EQ(optimizer.group_options("first").get("lr_decay"), 0.5);
  EXPECT_THAT(error_of([&] { optimizer.group_options("first").set("beta1", 0.5); }), HasSubstr("adagrad"));
}

TEST(SeveralRules, LibTorchsOptionsOfAnotherClass) {
  Net net = seeded_net();
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(net->first->parameters());
  groups.emplace_back(net->norm->parameters(), std::make_unique<torch::optim::SGDOptions>(0.5));
  thalweg::libtorch::AdamW optimizer(groups, kAdamW);
  optimizer.add_param_group({net->second->parameters(), std::make_unique<torch::optim::AdagradOptions>(0.25)});
  const thalweg::Optimizer& engine = optimizer.engine();
  EXPECT_EQ(engine.options(Group{0}), Options(kAdamW));
  EXPECT_EQ(engine.options(Group{1}), Options(thalweg::SGD{.lr = 0.5}));
  EXPECT_EQ(engine.options(Group{2}).rule().name, "adagrad");
  EXPECT_EQ(static_cast<torch::optim::SGDOptions&>(optimizer.param_groups()[1].options()).lr(), 0.5);
  // An AMSGrad whose group's options say no word of amsgrad is a mistake rather than a wish for Adam.
  thalweg::libtorch::AMSGrad amsgrad{net->first->parameters()};
  EXPECT_THAT(error_of([&] {
                amsgrad.add_param_group({net->norm->parameters(), std::make_unique<torch::optim::AdamOptions>(0.1)});
              }),
              HasSubstr(".amsgrad(true)"));
}

TEST(SeveralRules, AreSavedAndLoaded) {
  Net whole = seeded_net(), first = seeded_net();
  thalweg::libtorch::AdamW uninterrupted{*whole, kAdamW, first_layer()}, before{*first, kAdamW, first_layer()};
  train(whole, uninterrupted, 0, 6);
  train(first, before, 0, 3);
  std::stringstream model, state;
  torch::save(first, model);
  torch::save(before, state);
  Net second = seeded_net(7);
  torch::load(second, model);
  thalweg::libtorch::AdamW after{*second, kAdamW, first_layer()};
  torch::load(after, state);
  train(second, after, 3, 3);
  EXPECT_TRUE(same_parameters(whole, second));

  // A state in which other parameters are in the group of another rule fits only in part, and changes nothing.
  const auto bytes = safetensors::to_bytes(after.state_dict());
  thalweg::libtorch::AdamW others{*first, kAdamW, {{"first", {"second.*"}, kAdagrad}}};
  train(first, others, 0, 1);
  EXPECT_THAT(error_of([&] { after.load_state_dict(others.state_dict()); }), HasSubstr("has state of"));
  EXPECT_EQ(safetensors::to_bytes(after.state_dict()), bytes);
  std::stringstream theirs;
  torch::save(torch::optim::AdamW(second->parameters()), theirs);
  EXPECT_THAT(error_of([&] { torch::load(after, theirs); }), HasSubstr("one rule for all groups"));
}

TEST(SeveralRules, StateDoesNotFollowIntoAnotherRulesGroup) {
  Net net = seeded_net();
  thalweg::libtorch::AdamW optimizer{*net, kAdamW, first_layer()};
  std::vector<torch::Tensor>& from = optimizer.param_groups()[0].params();
  optimizer.param_groups()[1].params().push_back(from.back());  // without state yet: it may
  from.pop_back();
  train(net, optimizer, 0, 2);
  EXPECT_TRUE(optimizer.state("second.bias", "v").defined());
  optimizer.param_groups()[1].params().push_back(from.back());
  from.pop_back();
  EXPECT_THAT(error_of([&] { optimizer.step(); }),
              AllOf(HasSubstr("\"second.weight\" has state of adamw"), HasSubstr("remove and add")));
}

/// SGD under another name, which asks for more.
const RuleInfo& sgd_that_needs(const char* name, bool loss, bool matrix) {
  auto* const rule = new Rule(engine_rule(thalweg::rule("sgd")));  // rules live for ever
  rule->name = name;
  rule->family = name;
  rule->needs_loss = loss;
  rule->needs_matrix = matrix;
  add_rule(*rule);
  return *rule;
}

TEST(SeveralRules, ARuleMayAskForTheLoss) {
  Net net = seeded_net();
  Optimizer optimizer(*net, Options(sgd_that_needs("sgd_of_loss", true, false)));
  EXPECT_THAT(error_of([&] { optimizer.step(); }),
              AllOf(HasSubstr("sgd_of_loss needs the loss"), HasSubstr("give step a closure")));
  EXPECT_THAT(error_of([&] { optimizer.step([] { return torch::ones({2}); }); }), HasSubstr("has shape [2]"));
  EXPECT_THAT(error_of([&] { optimizer.step([] { return torch::ones({}) / 0; }); }), HasSubstr("inf"));
  EXPECT_THAT(error_of([&] { optimizer.step_in_backward(true); }), HasSubstr("sgd_of_loss needs the loss"));
  optimizer.step([&] { return backward(net, 0); });
  EXPECT_TRUE(optimizer.report().applied());
}

TEST(SeveralRules, ARuleThatNeedsMatricesGetsThemInRowMajorOrder) {
  const Options matrices(sgd_that_needs("sgd_of_matrices", false, true));
  const torch::Tensor transposed = leaf({4, 6}, 1).detach().t().requires_grad_(true), plain = leaf({5}, 2);
  thalweg::libtorch::SGD optimizer({{"t", transposed}, {"v", plain}}, {.lr = 1});
  optimizer.add_group("matrices", matrices);
  EXPECT_FALSE(optimizer.engine().shape(optimizer.engine().find("t")).is_row_major());
  std::swap(optimizer.param_groups()[0].params(), optimizer.param_groups()[1].params());
  EXPECT_THAT(error_of([&] { optimizer.step(); }),
              AllOf(HasSubstr("\"v\" has shape [5]"), HasSubstr("matrices alone")));
  optimizer.param_groups()[0].params().push_back(plain);
  optimizer.param_groups()[1].params().pop_back();
  optimizer.group_options("matrices").set("lr", 0.5);
  EXPECT_TRUE(optimizer.engine().shape(optimizer.engine().find("t")).is_row_major());
  const torch::Tensor before = transposed.detach().clone();
  give_gradients({transposed, plain}, 1);
  optimizer.step();
  EXPECT_TRUE(same_bits(transposed, before - 0.5 * transposed.grad()));
  // And back, where it is stepped in place again.
  std::swap(optimizer.param_groups()[0].params(), optimizer.param_groups()[1].params());
  optimizer.param_groups()[0].params().push_back(plain);
  optimizer.param_groups()[1].params().clear();
  EXPECT_FALSE(optimizer.engine().shape(optimizer.engine().find("t")).is_row_major());
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
