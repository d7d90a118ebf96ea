// Parameter groups, schedulers, and parameters that are frozen, removed, added or moved.
#include "helpers.h"

namespace thalweg::inline v0_1::libtorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

thalweg::RMSprop with_decay(double weight_decay) { return {.lr = 1e-2, .alpha = 0.9, .weight_decay = weight_decay}; }

TEST(GroupPatternTest, FirstMatchWins) {
  Net net = seeded_net();
  thalweg::libtorch::RMSprop optimizer{
      *net,
      with_decay(0.1),
      {{"no_decay", {"*.bias", "*norm*"}, with_decay(0)}, {"last", {"second.*"}, with_decay(0.5)}}};
  thalweg::Optimizer& engine = optimizer.engine();
  const auto group = [&](std::string_view name) { return engine.group_name(engine.group_of(engine.find(name))); };
  EXPECT_EQ(group("first.weight"), "");
  EXPECT_EQ(group("first.bias"), "no_decay");
  EXPECT_EQ(group("norm.weight"), "no_decay");
  EXPECT_EQ(group("norm.bias"), "no_decay");
  EXPECT_EQ(group("second.weight"), "last");
  EXPECT_EQ(group("second.bias"), "no_decay");

  // The same as three optimizers, each with its own options.
  Net other = seeded_net();
  thalweg::libtorch::RMSprop a({{"w", other->first->weight}}, with_decay(0.1));
  thalweg::libtorch::RMSprop b({other->first->bias, other->norm->weight, other->norm->bias, other->second->bias},
                               with_decay(0));
  thalweg::libtorch::RMSprop c({{"w", other->second->weight}}, with_decay(0.5));
  for (std::uint64_t step = 0; step < 5; ++step) {
    give_gradients(net->parameters(), step);
    give_gradients(other->parameters(), step);
    optimizer.step();
    for (Optimizer* part : {static_cast<Optimizer*>(&a), static_cast<Optimizer*>(&b), static_cast<Optimizer*>(&c)}) {
      part->step();
    }
  }
  EXPECT_TRUE(same_parameters(net, other));
}

TEST(GroupPatternTest, PatternThatMatchesNothingIsAnError) {
  Net net = seeded_net();
  const auto make = [&](const std::string& pattern) {
    thalweg::libtorch::RMSprop(*net, {}, {{"no_decay", {"*.bias", pattern}, with_decay(0)}});
  };
  const auto error = [&](const char* pattern) { return error_of([&] { make(pattern); }); };
  EXPECT_THAT(error("*.bais"), HasSubstr("parameter group \"no_decay\": pattern \"*.bais\" matches no parameter"));
  EXPECT_THAT(error("*.bais"), HasSubstr("\"first.weight\""));
  EXPECT_THROW(make("first.weigh"), Error);
  EXPECT_THROW(make("irst.weight"), Error);
  EXPECT_THROW(make(""), Error);
  EXPECT_THROW(make("first?"), Error);
  for (const char* pattern :
       {"*", "first.weight", "fi*", "*weight", "f*t.w*t", "**", "first?weight", "*.*", "?irst.*"}) {
    EXPECT_NO_THROW(make(pattern)) << pattern;
  }
}

TEST(GroupsTest, LibTorchsOwnGroups) {
  Net net = seeded_net();
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(net->first->parameters());
  groups.emplace_back(net->second->parameters(), group_options(with_decay(0.2)));
  groups.emplace_back(net->norm->parameters(), group_options(with_decay(0.3), "norms"));
  thalweg::libtorch::RMSprop optimizer(groups, with_decay(0.1));
  const auto decay = [&](std::size_t index) { return optimizer.group_options(index).get("weight_decay"); };
  EXPECT_EQ(decay(0), 0.1);
  EXPECT_EQ(decay(1), 0.2);
  EXPECT_EQ(decay(2), 0.3);
  EXPECT_EQ(optimizer.engine().group_name(Group{1}), "group1");
  EXPECT_EQ(optimizer.engine().group_name(Group{2}), "norms");

  // Groups added later, until the vector has had to grow, are taken over at the next call.
  const std::vector<torch::Tensor> more{leaf({2}, 1), leaf({2}, 2), leaf({2}, 3), leaf({2}, 4)};
  optimizer.param_groups()[1].options().set_lr(0.25);
  for (const torch::Tensor& tensor : more) {
    optimizer.add_param_group(torch::optim::OptimizerParamGroup({tensor}));
    give_gradient(tensor, 1);
  }
  const torch::Tensor before = more[3].detach().clone();
  optimizer.step();
  EXPECT_FALSE(same_bits(more[3], before));
  EXPECT_EQ(optimizer.engine().group_count(), 7u);
  EXPECT_EQ(optimizer.engine().lr(Group{1}), 0.25);
  EXPECT_EQ(optimizer.engine().lr(Group{6}), 1e-2);
  optimizer.param_groups()[6].options().set_lr(0.5);
  EXPECT_EQ(optimizer.engine().lr(Group{6}), 0.5);
  EXPECT_EQ(optimizer.engine().lr(Group{5}), 1e-2);
}

TEST(GroupsTest, OptionsReadAndWriteTheEngine) {
  Net net = seeded_net();
  thalweg::libtorch::RMSprop optimizer{*net, {.lr = 0.5}};
  auto& options = dynamic_cast<GroupOptions&>(optimizer.param_groups()[0].options());
  options.set("alpha", 0.75);
  EXPECT_EQ(optimizer.engine().options().get("alpha"), 0.75);
  optimizer.engine().set("momentum", 0.5);
  EXPECT_EQ(options.get("momentum"), 0.5);
  torch::optim::OptimizerOptions& theirs = optimizer.param_groups()[0].options();
  EXPECT_EQ(theirs.get_lr(), 0.5);
  EXPECT_THAT(error_of([&] { theirs.set_lr(-1); }), HasSubstr("rmsprop: lr = -1"));
  EXPECT_THAT(error_of([&] { options.set("alhpa", 0.5); }), HasSubstr("alpha"));
  EXPECT_NE(error_of([&] { options.set_options(thalweg::SGD{}); }), "");
  EXPECT_EQ(theirs.get_lr(), 0.5);

  // A copy keeps what it was made with.
  const auto copy = theirs.clone();
  theirs.set_lr(0.125);
  EXPECT_EQ(copy->get_lr(), 0.5);
  copy->set_lr(2);
  EXPECT_EQ(optimizer.engine().lr(), 0.125);
}

TEST(GroupsTest, OptionsSerialize) {
  std::stringstream stream;
  {
    torch::serialize::OutputArchive archive;
    group_options(with_decay(0.25))->serialize(archive);
    archive.save_to(stream);
  }
  torch::serialize::InputArchive archive;
  archive.load_from(stream);
  const auto read = group_options(thalweg::RMSprop{});
  read->serialize(archive);
  EXPECT_EQ(dynamic_cast<GroupOptions&>(*read).options(), Options(with_decay(0.25)));
}

TEST(GroupsTest, RatesInProportion) {
  Net net = seeded_net();
  thalweg::libtorch::AdamW optimizer{*net,
                                     {.lr = 0.1, .weight_decay = 0.2},
                                     {{.name = "slow", .patterns = {"first.*"}, .lr_scale = 0.25},
                                      {"norms", {"norm.*"}, thalweg::AdamW{.lr = 0.5}, 2}}};
  const thalweg::Optimizer& engine = optimizer.engine();
  EXPECT_EQ(engine.lr(Group{1}), 0.025) << "the optimizer's own, scaled";
  EXPECT_EQ(engine.options(Group{1}).get("weight_decay"), 0.2);
  EXPECT_EQ(engine.lr(Group{2}), 0.5) << "as it was given";
  optimizer.set("lr", 0.4);
  EXPECT_EQ(engine.lr(Group{0}), 0.4);
  EXPECT_EQ(engine.lr(Group{1}), 0.1);
  EXPECT_EQ(engine.lr(Group{2}), 0.8);
  optimizer.group_options("slow").set_lr_scale(0.5);
  EXPECT_EQ(optimizer.group_options("slow").lr_scale(), 0.5);
  EXPECT_EQ(engine.lr(Group{1}), 0.1) << "from the next set on";

  Net other = seeded_net();
  thalweg::libtorch::AdamW loaded{
      *other, {.lr = 0.1}, {{"slow", {"first.*"}, thalweg::AdamW{}}, {"norms", {"norm.*"}, thalweg::AdamW{}}}};
  std::stringstream stream;
  torch::save(optimizer, stream);
  torch::load(loaded, stream);
  loaded.set("lr", 2);
  EXPECT_EQ(loaded.engine().lr(Group{1}), 1);
  EXPECT_EQ(loaded.engine().lr(Group{2}), 4);

  loaded.add_param_group({{leaf({2}, 1)}, group_options(thalweg::AdamW{.lr = 1}, "new", 0.125)});
  loaded.set("lr", 8);
  EXPECT_EQ(loaded.group_options("new").get("lr"), 1);
  EXPECT_THAT(error_of([&] { loaded.group_options("new").set_lr_scale(-1); }), HasSubstr("lr_scale = -1"));
  EXPECT_THAT(error_of([&] { group_options(thalweg::AdamW{}, "x", -1); }), HasSubstr("lr_scale = -1"));
  EXPECT_THAT(error_of([&] { loaded.group_options("slwo"); }), HasSubstr("did you mean slow?"));
  EXPECT_THAT(error_of([&] { loaded.group_options(4); }), HasSubstr("parameter group 4 does not exist; there are 4"));
}

TEST(SchedulerTest, StepLRReachesTheEngine) {
  Net net = seeded_net(), other = seeded_net();
  thalweg::libtorch::RMSprop optimizer{*net, {.lr = 1e-2}, {{"biases", {"*.bias"}, thalweg::RMSprop{.lr = 4e-2}}}};
  torch::optim::StepLR scheduler(optimizer, 2, 0.5);
  thalweg::libtorch::RMSprop by_hand{*other, {.lr = 1e-2}, {{"biases", {"*.bias"}, thalweg::RMSprop{.lr = 4e-2}}}};
  torch::optim::SGD theirs(net->parameters(), torch::optim::SGDOptions(1e-2));
  torch::optim::StepLR their_scheduler(theirs, 2, 0.5);
  for (std::uint64_t step = 0; step < 8; ++step) {
    EXPECT_EQ(optimizer.engine().lr(), theirs.param_groups()[0].options().get_lr());
    EXPECT_EQ(optimizer.engine().lr(Group{1}), 4 * optimizer.engine().lr());
    by_hand.engine().set(Group{0}, "lr", optimizer.engine().lr());
    by_hand.engine().set(Group{1}, "lr", optimizer.engine().lr(Group{1}));
    train(net, optimizer, step, 1);
    train(other, by_hand, step, 1);
    scheduler.step();
    their_scheduler.step();
  }
  EXPECT_LT(optimizer.engine().lr(), 0.2e-2);
  EXPECT_TRUE(same_parameters(net, other));
}

TEST(ParametersTest, FrozenOnesDoNotStep) {
  const torch::Tensor a = leaf({5}, 1), b = leaf({3}, 2);
  thalweg::libtorch::Adam optimizer({{"a", a}, {"b", b}}, {.lr = 0.1, .weight_decay = 0.1});
  give_gradients({a, b}, 1);
  optimizer.step();
  b.set_requires_grad(false);
  const torch::Tensor before = b.detach().clone(), state = optimizer.state("b", "m").clone();
  for (std::uint64_t step = 2; step < 5; ++step) {
    give_gradient(a, step);  // b keeps its old gradient
    optimizer.step();
  }
  EXPECT_TRUE(same_bits(b, before));
  EXPECT_TRUE(same_bits(optimizer.state("b", "m"), state));
  EXPECT_EQ(optimizer.engine().step_number(optimizer.engine().find("a")), 4);
  EXPECT_EQ(optimizer.engine().step_number(optimizer.engine().find("b")), 1);
  b.set_requires_grad(true);
  give_gradients({a, b}, 9);
  optimizer.step();
  EXPECT_FALSE(same_bits(b, before));
  EXPECT_EQ(optimizer.engine().step_number(optimizer.engine().find("b")), 2);
}

TEST(ParametersTest, UndefinedGradientsAreSkipped) {
  const torch::Tensor a = leaf({5}, 1), b = leaf({3}, 2);
  thalweg::libtorch::RMSprop optimizer({{"a", a}, {"b", b}}, {.lr = 0.1, .weight_decay = 0.5});
  optimizer.step();  // none at all
  const torch::Tensor before = b.detach().clone();
  give_gradient(a, 1);
  optimizer.step();
  EXPECT_TRUE(same_bits(b, before));
  EXPECT_EQ(optimizer.engine().step_number(optimizer.engine().find("a")), 1);
  EXPECT_EQ(optimizer.engine().step_number(optimizer.engine().find("b")), 0);
}

TEST(ParametersTest, AddedAndRemovedByName) {
  const torch::Tensor a = leaf({5}, 1), b = leaf({3}, 2), c = leaf({2, 2}, 3);
  thalweg::libtorch::RMSprop optimizer({{"a", a}, {"b", b}}, {.lr = 0.1});
  give_gradients({a, b, c}, 1);
  optimizer.step();
  const torch::Tensor state = optimizer.state("b", "v").clone();

  optimizer.remove("a");
  optimizer.add_group("head", thalweg::RMSprop{.lr = 0.5});
  optimizer.add("c", c, "head");
  EXPECT_THAT(optimizer.param_groups()[0].params(), testing::SizeIs(1));
  EXPECT_THAT(optimizer.param_groups()[1].params(), testing::SizeIs(1));
  EXPECT_TRUE(same_bits(optimizer.state("b", "v"), state)) << "the others keep their state";
  const torch::Tensor a_before = a.detach().clone(), b_before = b.detach().clone(), c_before = c.detach().clone();
  optimizer.step();
  EXPECT_TRUE(same_bits(a, a_before));
  EXPECT_FALSE(same_bits(b, b_before));
  // c's first step with η = 0.5: θ − η g / (√(1 − α) |g| + ε).
  const torch::Tensor expected = c_before - 0.5 * c.grad() / (std::sqrt(0.01) * c.grad().abs() + 1e-8);
  EXPECT_LE(relative_error(c, expected), 1e-5);

  EXPECT_THAT(error_of([&] { optimizer.remove("a"); }), HasSubstr("unknown parameter \"a\""));
  EXPECT_THAT(error_of([&] { optimizer.add("b", a); }), HasSubstr("\"b\""));
  EXPECT_THAT(error_of([&] { optimizer.add("again", c); }),
              HasSubstr("parameter \"c\" is in the parameter groups twice"));
  EXPECT_NE(error_of([&] { optimizer.add("d", leaf({1}, 1), "haed"); }), "");
  EXPECT_THAT(error_of([&] { optimizer.add_group("head", thalweg::RMSprop{}); }), HasSubstr("\"head\""));
  EXPECT_EQ(optimizer.engine().size(), 2u);
  optimizer.step();  // and all is as before those errors
  optimizer.add("a", a);
  EXPECT_EQ(optimizer.engine().step_number(optimizer.engine().find("a")), 0) << "begins anew";
}

TEST(ParametersTest, ChangesToParamGroupsAreTakenOver) {
  const torch::Tensor a = leaf({5}, 1), b = leaf({3}, 2), c = leaf({4}, 3);
  thalweg::libtorch::RMSprop optimizer({a, b}, {.lr = 0.1});
  give_gradients({a, b, c}, 1);
  optimizer.step();
  const torch::Tensor state = optimizer.state("parameters.1", "v").clone();

  std::vector<torch::Tensor>& params = optimizer.param_groups()[0].params();
  std::swap(params[0], params[1]);
  params.pop_back();  // a
  optimizer.add_parameters({c});
  const torch::Tensor c_before = c.detach().clone();
  EXPECT_TRUE(same_bits(optimizer.state("parameters.1", "v"), state)) << "state is by name, not by position";
  optimizer.step();
  EXPECT_FALSE(same_bits(c, c_before));
  EXPECT_FALSE(optimizer.engine().contains("parameters.0"));
  EXPECT_EQ(optimizer.engine().size(), 2u);

  // From one group into another, with its state.
  optimizer.add_group("slow", thalweg::RMSprop{.lr = 0});
  optimizer.param_groups()[1].params().push_back(optimizer.param_groups()[0].params().back());
  optimizer.param_groups()[0].params().pop_back();
  const torch::Tensor c_after = c.detach().clone();
  give_gradients({b, c}, 2);
  optimizer.step();
  EXPECT_TRUE(same_bits(c, c_after));
  for (const Handle handle : optimizer.engine().handles()) EXPECT_GE(optimizer.engine().step_number(handle), 2);
}

TEST(ParametersTest, ANewTensorAtAnOldAddressIsNotTheOldOne) {
  thalweg::libtorch::RMSprop optimizer({{"keep", leaf({2}, 1)}}, {.lr = 0.1});
  for (std::uint64_t round = 0; round < 20; ++round) {
    // Allocators like to hand out the same memory again: the state must still begin anew.
    const torch::Tensor w = leaf({8}, round);
    optimizer.add("w", w);
    give_gradient(w, round);
    optimizer.step();
    EXPECT_EQ(optimizer.engine().step_number(optimizer.engine().find("w")), 1);
    optimizer.param_groups()[0].params().pop_back();
    optimizer.engine();
  }
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
