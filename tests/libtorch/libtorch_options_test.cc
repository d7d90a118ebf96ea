// LibTorch's own option classes: how its users change a rate (static_cast), and options that are given as LibTorch's.
#include "helpers.h"

#include <tuple>

namespace thalweg::inline v0_1::libtorch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

template <class Theirs>
Theirs& as(torch::optim::Optimizer& optimizer, std::size_t group = 0) {
  return static_cast<Theirs&>(optimizer.param_groups()[group].options());
}

/// One step with the gradient 1 for every element.
void step_down(torch::optim::Optimizer& optimizer) {
  for (const torch::optim::OptimizerParamGroup& group : optimizer.param_groups()) {
    for (const torch::Tensor& tensor : group.params()) tensor.mutable_grad() = torch::ones_like(tensor.detach());
  }
  optimizer.step();
}

TEST(StaticCast, EveryMemberIsInForceFromTheNextStep) {
  const torch::Tensor w = leaf({3}, 1);
  thalweg::libtorch::SGD sgd({w}, {.lr = 0.5});
  as<torch::optim::SGDOptions>(sgd).lr(0.25).momentum(0.5).dampening(0.125).weight_decay(0.75).nesterov(true);
  sgd.step();
  EXPECT_EQ(
      sgd.engine().options(),
      Options(thalweg::SGD{.lr = 0.25, .momentum = 0.5, .dampening = 0.125, .nesterov = true, .weight_decay = 0.75}));

  thalweg::libtorch::RMSprop rmsprop({w}, {.eps_inside = true});
  as<torch::optim::RMSpropOptions>(rmsprop).lr(1).alpha(0.5).eps(2).weight_decay(3).momentum(0.25).centered(true);
  EXPECT_EQ(
      rmsprop.engine().options(),
      Options(thalweg::RMSprop{
          .lr = 1, .alpha = 0.5, .eps = 2, .momentum = 0.25, .centered = true, .weight_decay = 3, .eps_inside = true}))
      << "what only thalweg has is kept";

  thalweg::libtorch::Adagrad adagrad({w});
  as<torch::optim::AdagradOptions>(adagrad).lr(1).lr_decay(2).weight_decay(3).initial_accumulator_value(4).eps(5);
  EXPECT_EQ(
      adagrad.engine().options(),
      Options(thalweg::Adagrad{.lr = 1, .lr_decay = 2, .eps = 5, .initial_accumulator_value = 4, .weight_decay = 3}));

  const std::tuple<double, double> betas{0.5, 0.25};
  thalweg::libtorch::Adam adam({w});
  as<torch::optim::AdamOptions>(adam).lr(1).betas(betas).eps(2).weight_decay(3).amsgrad(true);
  EXPECT_EQ(adam.engine().options(),
            Options(thalweg::Adam{.lr = 1, .beta1 = 0.5, .beta2 = 0.25, .eps = 2, .weight_decay = 3, .amsgrad = true}));
  thalweg::libtorch::AdamW adamw({w});
  as<torch::optim::AdamWOptions>(adamw).lr(1e-4).betas(betas);
  EXPECT_EQ(adamw.engine().options(), Options(thalweg::AdamW{.lr = 1e-4, .beta1 = 0.5, .beta2 = 0.25}));
  thalweg::libtorch::AMSGrad amsgrad({w});
  EXPECT_TRUE(as<torch::optim::AdamOptions>(amsgrad).amsgrad());
  std::get<1>(as<torch::optim::AdamOptions>(amsgrad).betas()) = 0.5;
  EXPECT_EQ(amsgrad.engine().options(), Options(thalweg::AMSGrad{.beta2 = 0.5}));
}

TEST(StaticCast, StepsAsLibTorchDoes) {
  Net ours = seeded_net(), theirs = seeded_net();
  thalweg::libtorch::AdamW optimizer(ours->parameters(), torch::optim::AdamWOptions(0.1));
  torch::optim::AdamW other(theirs->parameters(), torch::optim::AdamWOptions(0.1));
  for (std::uint64_t step = 0; step < 6; ++step) {
    for (torch::optim::Optimizer* each :
         {static_cast<torch::optim::Optimizer*>(&optimizer), static_cast<torch::optim::Optimizer*>(&other)}) {
      for (torch::optim::OptimizerParamGroup& group : each->param_groups()) {
        auto& options = static_cast<torch::optim::AdamWOptions&>(group.options());
        options.lr(options.lr() * 0.5);
        if (step == 3) options.betas(std::make_tuple(0.5, 0.75)).weight_decay(0.5);
      }
    }
    give_gradients(ours->parameters(), step);
    give_gradients(theirs->parameters(), step);
    optimizer.step();
    other.step();
  }
  for (std::size_t i = 0; i < ours->parameters().size(); ++i) {
    EXPECT_LE(relative_error(ours->parameters()[i], theirs->parameters()[i]), 1e-5);
  }
}

TEST(StaticCast, ReadsAreTrue) {
  Net net = seeded_net();
  thalweg::libtorch::AdamW optimizer{*net, {.lr = 0.5, .beta1 = 0.75}, {{"no_decay", {"*.bias"}, thalweg::AdamW{}}}};
  const auto& options = as<torch::optim::AdamWOptions>(optimizer);
  EXPECT_EQ(options.lr(), 0.5);
  EXPECT_EQ(std::get<0>(options.betas()), 0.75);
  optimizer.param_groups()[0].options().set_lr(0.25);
  EXPECT_EQ(options.lr(), 0.25);
  optimizer.set("lr", 0.125);
  EXPECT_EQ(options.lr(), 0.125);
  EXPECT_EQ(as<torch::optim::AdamWOptions>(optimizer, 1).lr(), 0.125);
  optimizer.group_options(0).set("beta2", 0.5);
  EXPECT_EQ(std::get<1>(options.betas()), 0.5);
  thalweg::Optimizer& engine = optimizer.engine();
  engine.set("amsgrad", 1);  // no call of the adapter lies between
  EXPECT_TRUE(options.amsgrad());
  const State state = optimizer.state_dict();
  engine.set_options(Group{0}, thalweg::AdamW{.lr = 2, .weight_decay = 3});
  EXPECT_EQ(options.lr(), 2);
  EXPECT_EQ(options.weight_decay(), 3);
  EXPECT_FALSE(options.amsgrad());
  engine.load(state);
  EXPECT_EQ(options.lr(), 0.125);
  EXPECT_TRUE(options.amsgrad());
  optimizer.set("lr", 1);
  optimizer.load_state_dict(state);
  EXPECT_EQ(options.lr(), 0.125);
  EXPECT_EQ(optimizer.param_groups()[0].options().get_lr(), 0.125);

  // What was written last holds, member by member.
  as<torch::optim::AdamWOptions>(optimizer).lr(4).eps(5);
  engine.set("lr", 6);
  EXPECT_EQ(options.lr(), 6);
  step_down(optimizer);
  EXPECT_EQ(engine.lr(), 6);
  EXPECT_EQ(engine.options().get("eps"), 5);
}

TEST(StaticCast, WhatTheRuleDoesNotAllowIsAnErrorOfTheNextStep) {
  const torch::Tensor w = leaf({3}, 1);
  thalweg::libtorch::AdamW optimizer({{"w", w}}, {.lr = 0.5});
  auto& options = as<torch::optim::AdamWOptions>(optimizer);
  options.betas(std::make_tuple(0.9, 1.5));
  const torch::Tensor before = w.detach().clone();
  const auto message = AllOf(HasSubstr("parameter group \"\", written as torch::optim::AdamWOptions"),
                             HasSubstr("adamw: beta2 = 1.5 is outside [0, 1)"));
  EXPECT_THAT(error_of([&] { step_down(optimizer); }), message);
  EXPECT_THAT(error_of([&] { step_down(optimizer); }), message) << "until it is mended";
  EXPECT_TRUE(same_bits(w, before));
  options.betas(std::make_tuple(0.9, 0.5)).lr(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(error_of([&] { step_down(optimizer); }), HasSubstr("adamw: lr = nan"));
  options.set_lr(0.5);
  step_down(optimizer);
  EXPECT_EQ(optimizer.engine().options().get("beta2"), 0.5);
}

TEST(StaticCast, OfDefaults) {
  const torch::Tensor w = leaf({3}, 1), b = leaf({2}, 2);
  thalweg::libtorch::AdamW optimizer({{"w", w}}, {.lr = 0.5, .maximize = true});
  auto& defaults = static_cast<torch::optim::AdamWOptions&>(optimizer.defaults());
  EXPECT_EQ(defaults.lr(), 0.5);
  defaults.lr(0.25);
  optimizer.add_param_group({{b}});
  EXPECT_EQ(optimizer.engine().lr(Group{0}), 0.5) << "as in LibTorch: for groups that are added";
  EXPECT_EQ(optimizer.engine().options(Group{1}), Options(thalweg::AdamW{.lr = 0.25, .maximize = true}));
}

/// Writes through a class of LibTorch that the options are not.
template <class Theirs>
void write_astray(torch::optim::OptimizerOptions& options) {
  static_cast<Theirs&>(options).lr(0.25).eps(1);
}

TEST(StaticCast, OfRulesThatLibTorchHasNotIsAnError) {
  std::size_t count = 0;
  for (const RuleInfo* rule : rules()) {
    if (dynamic_cast<GroupOptions&>(*group_options(Options(*rule))).options().rule().name != rule->name) FAIL();
    if (rule->name == "sgd" || rule->name.starts_with("ada") || rule->name == "amsgrad" || rule->name == "rmsprop") {
      if (rule->name != "adadelta" && rule->name != "adamax" && rule->name != "adafactor") continue;
    }
    ++count;
    const torch::Tensor w = leaf({3}, 1);
    Optimizer optimizer({{"w", w}}, Options(*rule));
    const double lr = optimizer.engine().lr();
    torch::optim::OptimizerOptions& options = optimizer.param_groups()[0].options();
    EXPECT_TRUE(std::isnan(static_cast<torch::optim::AdamOptions&>(options).lr())) << "loud also when only read";
    const auto message = AllOf(
        HasSubstr("parameter group \"\": its options were written to as a class of torch::optim that they are not"),
        HasSubstr("LibTorch has no " + std::string(rule->name)),
        HasSubstr("group_options(\"\").set(OPTION, value), where OPTION is lr, "));
    const torch::Tensor before = w.detach().clone();
    write_astray<torch::optim::AdamWOptions>(options);
    static_cast<torch::optim::AdamOptions&>(options).betas(std::make_tuple(0.5, 0.5)).amsgrad(true);
    EXPECT_THAT(error_of([&] { step_down(optimizer); }), message) << rule->name;
    EXPECT_TRUE(same_bits(w, before));
    write_astray<torch::optim::RMSpropOptions>(options);
    EXPECT_THAT(error_of([&] { (void)options.get_lr(); }), message) << rule->name;
    write_astray<torch::optim::AdagradOptions>(options);
    EXPECT_THAT(error_of([&] { (void)options.clone()->get_lr(); }), message) << rule->name;
    EXPECT_NE(error_of([&] { optimizer.engine(); }), "");
    write_astray<torch::optim::AdamWOptions>(optimizer.defaults());
    EXPECT_NE(error_of([&] { step_down(optimizer); }), "");
    optimizer.param_groups()[0].options().set_lr(lr / 2);
    step_down(optimizer);
    EXPECT_EQ(optimizer.engine().lr(), lr / 2);
    EXPECT_EQ(dynamic_cast<GroupOptions&>(options).name(), "") << "nothing else was hit";
  }
  EXPECT_EQ(count, 9u);
}

TEST(StaticCast, ToAClassWithMoreMembersIsAnError) {
  const torch::Tensor w = leaf({3}, 1);
  thalweg::libtorch::SGD optimizer({{"w", w}}, {.lr = 0.5});
  static_cast<torch::optim::AdamOptions&>(optimizer.param_groups()[0].options()).weight_decay(1).amsgrad(true);
  EXPECT_THAT(error_of([&] { step_down(optimizer); }), HasSubstr("they are torch::optim::SGDOptions"));
}

TEST(LibTorchsOptions, InConstructors) {
  Net net = seeded_net();
  EXPECT_EQ(thalweg::libtorch::RMSprop(net->parameters(), 1e-3).engine().options(),
            Options(thalweg::RMSprop{.lr = 1e-3}));
  EXPECT_EQ(thalweg::libtorch::Lion(*net, 1).engine().options(), Options(thalweg::Lion{.lr = 1}));
  EXPECT_EQ(
      thalweg::libtorch::RMSprop(net->parameters(), torch::optim::RMSpropOptions(1e-3).alpha(0.9)).engine().options(),
      Options(thalweg::RMSprop{.lr = 1e-3, .alpha = 0.9}));
  EXPECT_EQ((thalweg::libtorch::AdamW{*net, {.lr = 1e-3, .betas = {0.5, 0.75}, .eps = 2}}).engine().options(),
            Options(thalweg::AdamW{.lr = 1e-3, .beta1 = 0.5, .beta2 = 0.75, .eps = 2}));
  EXPECT_EQ((thalweg::libtorch::AdamW{*net, {}}).engine().options(), Options(thalweg::AdamW{}));
  const auto optimizer = std::make_unique<thalweg::libtorch::AdamW>(
      *net, torch::optim::AdamWOptions(1e-3),
      std::vector<GroupPattern>{{"no_decay", {"*.bias", "norm.*"}, torch::optim::AdamWOptions(1e-3).weight_decay(0)}});
  EXPECT_EQ(optimizer->engine().options(Group{1}).get("weight_decay"), 0);
  EXPECT_EQ(Optimizer(*net, torch::optim::AdamWOptions(0.25)).engine().options(), Options(thalweg::AdamW{.lr = 0.25}));
  EXPECT_EQ(Optimizer(*net, torch::optim::AdamOptions(0.25).amsgrad(true)).engine().options(),
            Options(thalweg::AMSGrad{.lr = 0.25}));
}

TEST(LibTorchsOptions, GroupsInBraces) {
  Net net = seeded_net();
  thalweg::libtorch::Adam one({net->parameters()}, torch::optim::AdamOptions(0.25));  // as LibTorch's own allow
  EXPECT_EQ(one.param_groups().size(), 1);
  EXPECT_EQ(one.param_groups()[0].params().size(), net->parameters().size());
  EXPECT_EQ(one.engine().lr(), 0.25);
  thalweg::libtorch::SGD rate({net->parameters()}, 0.5);
  EXPECT_EQ(rate.engine().lr(), 0.5);
  thalweg::libtorch::SGD braces({net->parameters()}, {.lr = 0.5, .momentum = 0.9});
  EXPECT_EQ(braces.engine().options().get("momentum"), 0.9);
  thalweg::libtorch::RMSprop two({{net->first->parameters()}, {net->second->parameters()}}, {.lr = 0.5});
  EXPECT_EQ(two.param_groups().size(), 2);
  thalweg::libtorch::RMSprop plain{net->parameters()};
  EXPECT_EQ(plain.param_groups().size(), 1);
  thalweg::libtorch::RMSprop tensors({net->first->weight, net->first->bias}, {.lr = 0.5});
  EXPECT_EQ(tensors.param_groups()[0].params().size(), 2);
}

TEST(LibTorchsOptions, InGroups) {
  Net net = seeded_net(), other = seeded_net();
  const auto groups = [](Net& of) {
    std::vector<torch::optim::OptimizerParamGroup> result;
    result.emplace_back(of->first->parameters(), std::make_unique<torch::optim::RMSpropOptions>(0.02));
    result.emplace_back(of->norm->parameters());
    result.emplace_back(of->second->parameters(),
                        std::make_unique<torch::optim::RMSpropOptions>(torch::optim::RMSpropOptions(0.03).alpha(0.5)));
    return result;
  };
  const torch::optim::RMSpropOptions defaults = torch::optim::RMSpropOptions(0.1).weight_decay(0.5);
  thalweg::libtorch::RMSprop optimizer(groups(net), defaults);
  torch::optim::RMSprop theirs(groups(other), defaults);  // what stands at the class's default differs between versions
  const torch::Tensor added = leaf({2}, 1), added_there = leaf({2}, 1);
  optimizer.add_param_group({{added}, std::make_unique<torch::optim::RMSpropOptions>(0.04)});
  theirs.add_param_group({{added_there}, std::make_unique<torch::optim::RMSpropOptions>(0.04)});
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& a = as<torch::optim::RMSpropOptions>(optimizer, i);
    const auto& b = as<torch::optim::RMSpropOptions>(theirs, i);
    EXPECT_EQ(a, b) << i;
    EXPECT_EQ(optimizer.group_options(i).get("weight_decay"), b.weight_decay()) << i;
  }
  EXPECT_EQ(optimizer.group_options(3).name(), "group3");
  EXPECT_THAT(error_of([&] {
                optimizer.add_param_group({{leaf({2}, 3)}, std::make_unique<torch::optim::LBFGSOptions>(0.04)});
              }),
              HasSubstr("parameter group 4: its torch::optim::LBFGSOptions are options of no rule"));
  for (std::uint64_t step = 0; step < 3; ++step) {
    give_gradients(net->parameters(), step);
    give_gradients(other->parameters(), step);
    optimizer.step();
    theirs.step();
  }
  for (std::size_t i = 0; i < net->parameters().size(); ++i) {
    EXPECT_LE(relative_error(net->parameters()[i], other->parameters()[i]), 1e-5);
  }
}

TEST(LibTorchsOptions, SetInPlaceOfTheGroups) {
  Net net = seeded_net();
  thalweg::libtorch::AdamW optimizer{
      *net, {.lr = 0.5, .maximize = true}, {{.name = "biases", .patterns = {"*.bias"}, .lr_scale = 2}}};
  step_down(optimizer);
  optimizer.param_groups()[1].set_options(std::make_unique<torch::optim::AdamWOptions>(0.125));
  step_down(optimizer);
  EXPECT_EQ(optimizer.engine().group_count(), 2u);
  EXPECT_EQ(optimizer.group_options("biases").options(), Options(thalweg::AdamW{.lr = 0.125, .maximize = true}));
  EXPECT_EQ(optimizer.group_options("biases").lr_scale(), 2);
  EXPECT_EQ(optimizer.engine().step_number(optimizer.engine().find("first.bias")), 2) << "its state is kept";
  optimizer.param_groups()[0].set_options(std::make_unique<torch::optim::SGDOptions>(0.125));
  EXPECT_THAT(
      error_of([&] { step_down(optimizer); }),
      HasSubstr("parameter group 0: its options are of sgd, the group's rule is adamw; a group keeps its rule"));
}

TEST(GroupOptionsTest, OutliveTheirOptimizer) {
  std::vector<torch::optim::OptimizerParamGroup> groups;
  {
    thalweg::libtorch::AdamW optimizer({{"w", leaf({3}, 1)}}, {.lr = 0.5});
    optimizer.step();
    groups = std::move(optimizer.param_groups());
  }
  static_cast<torch::optim::AdamWOptions&>(groups[0].options()).eps(2);
  EXPECT_EQ(groups[0].options().clone()->get_lr(), 0.5);
  EXPECT_EQ(dynamic_cast<GroupOptions&>(groups[0].options()).get("eps"), 2);
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
