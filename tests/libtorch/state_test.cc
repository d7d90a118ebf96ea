// State: saved and loaded through torch::save, files and the engine; resume equals uninterrupted, bit for bit.
#include "helpers.h"

#include <cstring>
#include <filesystem>
#include <functional>
#include <sstream>

namespace thalweg::inline v0_1::libtorch {
namespace {

using testing::HasSubstr;

const thalweg::RMSprop kOptions{.lr = 1e-2, .alpha = 0.9, .momentum = 0.9, .centered = true, .weight_decay = 1e-2};

class StateTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }

  /// Trains, hands model and state to `carry_over`'s new optimizer, trains on, and compares with a run without a break.
  void expect_resumes(const std::function<void(Optimizer& from, Optimizer& to)>& carry_over) {
    Net whole = seeded_net();
    thalweg::libtorch::RMSprop uninterrupted{*whole, kOptions, groups()};
    uninterrupted.engine().set(Group{1}, "lr", 0.03);
    train(whole, uninterrupted, 0, 12);

    Net first = seeded_net();
    thalweg::libtorch::RMSprop before{*first, kOptions, groups()};
    before.engine().set(Group{1}, "lr", 0.03);
    train(first, before, 0, 6);

    Net second = seeded_net(77);
    thalweg::libtorch::RMSprop after{*second, kOptions, groups()};
    train(second, after, 0, 2);  // what it had before must not matter
    std::stringstream model;
    torch::save(first, model);
    torch::load(second, model);
    carry_over(before, after);
    EXPECT_EQ(after.param_groups()[1].options().get_lr(), 0.03);
    train(second, after, 6, 6);
    EXPECT_TRUE(same_parameters(whole, second));
    for (const auto& item : whole->named_parameters()) {
      for (const char* column : {"v", "m", "b"}) {
        EXPECT_TRUE(same_bits(after.state(item.key(), column), uninterrupted.state(item.key(), column)));
      }
    }
  }

  static std::vector<GroupPattern> groups() {
    thalweg::RMSprop no_decay = kOptions;
    no_decay.weight_decay = 0;
    return {{"no_decay", {"*.bias", "*norm*"}, no_decay}};
  }

  const std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("thalweg_") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".safetensors");
};

TEST_F(StateTest, TorchSaveAndLoad) {
  expect_resumes([](Optimizer& from, Optimizer& to) {
    std::stringstream stream;
    torch::save(from, stream);
    torch::load(to, stream);
  });
}

TEST_F(StateTest, TorchSaveAndLoadInsideALargerArchive) {
  expect_resumes([](Optimizer& from, Optimizer& to) {
    std::stringstream stream;
    torch::serialize::OutputArchive all, part;
    from.save(part);
    all.write("optimizer", part);
    all.save_to(stream);
    torch::serialize::InputArchive all_read, part_read;
    all_read.load_from(stream);
    all_read.read("optimizer", part_read);
    to.load(part_read);
  });
}

TEST_F(StateTest, ArchivesThatHoldTheStateAlone) {
  // As they were written before LibTorch's layout stood beside it.
  expect_resumes([](Optimizer& from, Optimizer& to) {
    const std::vector<std::byte> bytes = safetensors::to_bytes(from.state_dict());
    torch::Tensor tensor = torch::empty({static_cast<std::int64_t>(bytes.size())}, torch::kByte);
    std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
    torch::serialize::OutputArchive archive;
    archive.write("thalweg", tensor, /*is_buffer=*/true);
    std::stringstream stream;
    archive.save_to(stream);
    torch::load(to, stream);
  });
}

TEST_F(StateTest, File) {
  expect_resumes([&](Optimizer& from, Optimizer& to) {
    from.save(file_);
    to.load(file_);
  });
}

TEST_F(StateTest, EngineFile) {
  expect_resumes([&](Optimizer& from, Optimizer& to) {
    from.engine().save(file_);
    to.engine().load(file_);
  });
}

TEST_F(StateTest, StateDict) {
  expect_resumes([](Optimizer& from, Optimizer& to) { to.load_state_dict(from.state_dict()); });
}

TEST_F(StateTest, SurvivesReordering) {
  const auto pairs = [](const Net& net, bool reversed) {
    std::vector<Parameters::Item> items;
    for (const auto& item : net->named_parameters()) items.emplace_back(item.key(), item.value());
    if (reversed) std::reverse(items.begin(), items.end());
    return items;
  };
  Net whole = seeded_net(), net = seeded_net();
  thalweg::libtorch::RMSprop uninterrupted(pairs(whole, false), kOptions);
  train(whole, uninterrupted, 0, 8);
  thalweg::libtorch::RMSprop before(pairs(net, false), kOptions);
  train(net, before, 0, 4);
  std::stringstream stream;
  torch::save(before, stream);
  thalweg::libtorch::RMSprop after(pairs(net, true), kOptions);
  torch::load(after, stream);
  train(net, after, 4, 4);
  EXPECT_TRUE(same_parameters(whole, net));
}

TEST_F(StateTest, IsIndependentOfTheMemoryFormat) {
  const auto last = torch::MemoryFormat::ChannelsLast;
  const torch::Tensor plain = leaf({4, 3, 2, 5}, 1);
  const torch::Tensor images = plain.detach().contiguous(last).requires_grad_(true);
  thalweg::libtorch::RMSprop on_plain({{"w", plain}}, kOptions), on_images({{"w", images}}, kOptions);
  for (std::uint64_t step = 0; step < 3; ++step) {
    give_gradients({plain}, step);
    give_gradients({images}, step);
    on_plain.step();
    on_images.step();
  }
  const torch::Tensor other = plain.detach().contiguous(last).requires_grad_(true);
  thalweg::libtorch::RMSprop loaded({{"w", other}}, kOptions);
  loaded.load_state_dict(on_plain.state_dict());
  give_gradients({plain}, 9);
  give_gradients({other}, 9);
  loaded.step();
  on_plain.step();
  EXPECT_TRUE(same_bits(other, plain));
  EXPECT_TRUE(same_bits(loaded.state("w", "v"), on_plain.state("w", "v")));
}

/// Loads the state of the engine's tests that the first version has saved: columns without shapes, in row-major order.
torch::Tensor loaded_from_the_first_version(const torch::Tensor& nine) {
  const torch::Tensor weight = leaf({17}, 1), rare = leaf({3}, 2), empty = leaf({0}, 3, torch::kDouble);
  const thalweg::RMSprop slow;
  Optimizer optimizer({{"weight", weight}, {"rare", rare}, {"block 1/größe", nine}, {"empty", empty}},
                      thalweg::RMSprop{}, {{"slow", {"block*", "empty"}, slow}});
  optimizer.load(std::filesystem::path(THALWEG_STATES) / "rmsprop.safetensors");
  return optimizer.state("block 1/größe", "v").clone();
}

TEST_F(StateTest, OfTheFirstVersionGoesIntoAnyOrderInMemory) {
  const torch::Tensor plain = leaf({3, 3}, 1, torch::kDouble), other = plain.detach().t().requires_grad_(true);
  const torch::Tensor v = loaded_from_the_first_version(plain);
  EXPECT_FALSE(same_bits(v, v.t()));
  EXPECT_TRUE(same_bits(loaded_from_the_first_version(other), v));
}

TEST_F(StateTest, SaysShapesAndOrder) {
  const torch::Tensor w = leaf({2, 3, 4, 5}, 1).detach().contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_();
  const torch::Tensor gaps = leaf({2, 6}, 2).detach().slice(1, 0, 3).requires_grad_(true);
  thalweg::libtorch::Adam optimizer({{"w", w}, {"gaps", gaps}}, {.lr = 0.1});
  const thalweg::Optimizer& engine = optimizer.engine();
  EXPECT_EQ(engine.shape(engine.find("w")), Shape(w.sizes().vec(), w.strides().vec()));
  EXPECT_EQ(engine.shape(engine.find("gaps")), Shape({2, 3}));
  give_gradients({w, gaps}, 1);
  optimizer.step();
  // Through an archive too, whose columns LibTorch's own optimizer reads.
  std::stringstream stream;
  torch::save(optimizer, stream);
  const torch::Tensor plain = w.detach().contiguous().requires_grad_(true),
                      other = gaps.detach().clone().requires_grad_();
  thalweg::libtorch::Adam loaded({{"w", plain}, {"gaps", other}}, {.lr = 0.1});
  torch::load(loaded, stream);
  EXPECT_TRUE(same_bits(loaded.state("w", "v"), optimizer.state("w", "v")));
  EXPECT_TRUE(same_bits(loaded.state("gaps", "m"), optimizer.state("gaps", "m")));
  stream.seekg(0);
  torch::optim::Adam theirs({plain, other}, torch::optim::AdamOptions(0.1));
  torch::load(theirs, stream);
  auto* state = dynamic_cast<torch::optim::AdamParamState*>(state_of(theirs, plain));
  ASSERT_NE(state, nullptr);
  EXPECT_TRUE(same_bits(state->exp_avg_sq(), optimizer.state("w", "v")));
}

TEST_F(StateTest, GroupsStayThisOptimizers) {
  Net net = seeded_net();
  const std::vector<GroupPattern> biases{{"special", {"*.bias"}, kOptions}}, norms{{"special", {"*norm*"}, kOptions}};
  thalweg::libtorch::RMSprop one{*net, kOptions, biases}, two{*net, kOptions, norms};
  two.load_state_dict(one.state_dict());
  const auto group = [&](std::string_view name) { return two.engine().group_of(two.engine().find(name)).index; };
  EXPECT_EQ(group("norm.weight"), 1u);
  EXPECT_EQ(group("first.bias"), 0u);
}

TEST_F(StateTest, ViewsShareTheEnginesMemory) {
  const torch::Tensor w = leaf({2, 3}, 1);
  thalweg::libtorch::RMSprop optimizer({{"w", w}}, {.lr = 0.1});
  give_gradient(w, 1);
  optimizer.step();
  const torch::Tensor v = optimizer.state("w", "v");
  EXPECT_EQ(v.sizes(), w.sizes());
  EXPECT_LE(relative_error(v, 0.01 * w.grad() * w.grad()), 1e-5);
  v.fill_(4);
  EXPECT_EQ(optimizer.engine().column<float>(optimizer.engine().find("w"), "v")[5], 4.0f);
  EXPECT_FALSE(optimizer.state("w", "m").defined()) << "not centered";
  EXPECT_NE(error_of([&] { optimizer.state("w", "u"); }), "");
  EXPECT_THAT(error_of([&] { optimizer.state("ww", "v"); }), HasSubstr("\"ww\""));
  EXPECT_TRUE(optimizer.torch::optim::Optimizer::state().empty());
}

TEST_F(StateTest, WhatDoesNotFitChangesNothing) {
  Net net = seeded_net();
  thalweg::libtorch::RMSprop optimizer{*net, kOptions};
  train(net, optimizer, 0, 2);
  const auto before = safetensors::to_bytes(optimizer.state_dict());
  const auto load = [&](const Optimizer& from) {
    std::stringstream stream;
    torch::save(from, stream);
    return error_of([&] { torch::load(optimizer, stream); });
  };
  thalweg::libtorch::RMSprop less(Parameters{{"first.weight", net->first->weight}}, kOptions);
  EXPECT_THAT(load(less), HasSubstr("\"first.bias\""));
  thalweg::libtorch::RMSprop other_shape(Parameters{{"first.weight", leaf({2}, 1)}}, kOptions);
  EXPECT_NE(load(other_shape), "");
  thalweg::libtorch::SGD other_rule{*net, {.lr = 1}};
  EXPECT_THAT(load(other_rule), HasSubstr("sgd"));
  const auto load_theirs = [&](const torch::optim::Optimizer& from) {
    std::stringstream stream;
    torch::save(from, stream);
    return error_of([&] { torch::load(optimizer, stream); });
  };
  EXPECT_THAT(
      load_theirs(torch::optim::SGD(net->parameters(), torch::optim::SGDOptions(0.1))),
      HasSubstr("saved from another optimizer: its options are lr, momentum, dampening, weight_decay, nesterov"));
  EXPECT_THAT(load_theirs(torch::optim::RMSprop({net->first->weight})),
              HasSubstr("parameter group 0 has 1 parameters, the optimizer's 6"));
  EXPECT_THAT(load_theirs(torch::optim::RMSprop({torch::optim::OptimizerParamGroup({net->first->weight}),
                                                 torch::optim::OptimizerParamGroup({net->first->bias})})),
              HasSubstr("has 2 parameter groups, the optimizer 1"));
  std::stringstream model;
  torch::save(net, model);
  EXPECT_THAT(error_of([&] { torch::load(optimizer, model); }), HasSubstr("holds no optimizer's state"));
  thalweg::libtorch::Lion lion{*net};
  std::stringstream stream;
  torch::save(torch::optim::RMSprop(net->parameters()), stream);
  EXPECT_THAT(error_of([&] { torch::load(lion, stream); }), HasSubstr("LibTorch's own, which has no lion"));
  EXPECT_NE(error_of([&] { optimizer.load(file_); }), "") << "no such file";
  EXPECT_EQ(safetensors::to_bytes(optimizer.state_dict()), before);
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
