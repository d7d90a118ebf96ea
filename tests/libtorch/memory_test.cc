// Where parameters lie in memory: other strides, gaps, tensors that were moved.
#include "helpers.h"

namespace thalweg::inline v0_1::libtorch {
namespace {

using testing::HasSubstr;

const std::vector<std::int64_t> kImages{5, 3, 4, 2};

/// One optimizer on the parameter and one on a contiguous copy must agree bit for bit.
struct Twins {
  explicit Twins(torch::Tensor tensor)
      : parameter(std::move(tensor)),
        plain(parameter.detach().clone(torch::MemoryFormat::Contiguous).requires_grad_(true)) {}

  void step(std::uint64_t number) {
    give_gradient(parameter, number);
    step_with_gradients(number);
  }
  /// `parameter` has its gradient already.
  void step_with_gradients(std::uint64_t number) {
    give_gradient(plain, number);
    ASSERT_TRUE(same_bits(parameter.grad(), plain.grad()));
    ours.step();
    expected.step();
    EXPECT_TRUE(same_bits(parameter, plain)) << "step " << number;
    for (const char* column : {"v", "m", "b"}) {
      EXPECT_TRUE(same_bits(ours.state("w", column), expected.state("w", column))) << column;
    }
  }

  torch::Tensor parameter, plain;
  thalweg::RMSprop options{.lr = 1e-2, .alpha = 0.9, .momentum = 0.5, .centered = true, .weight_decay = 0.1};
  thalweg::libtorch::RMSprop ours{Parameters{{"w", parameter}}, options};
  thalweg::libtorch::RMSprop expected{Parameters{{"w", plain}}, options};
};

torch::Tensor channels_last(torch::Tensor tensor) {
  return tensor.detach().contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_(true);
}

TEST(MemoryTest, ChannelsLastInPlace) {
  Twins twins(channels_last(leaf(kImages, 1)));
  ASSERT_FALSE(twins.parameter.is_contiguous());
  const void* memory = twins.parameter.data_ptr();
  for (std::uint64_t step = 0; step < 4; ++step) {
    twins.step(step);
    EXPECT_EQ(twins.parameter.grad().strides(), twins.parameter.strides());
  }
  EXPECT_EQ(twins.parameter.data_ptr(), memory);
  EXPECT_EQ(twins.ours.state("w", "v").strides(), twins.parameter.strides());
}

TEST(MemoryTest, TransposedParameter) {
  Twins twins(leaf({6, 4}, 1).detach().t().requires_grad_(true));
  ASSERT_FALSE(twins.parameter.is_contiguous());
  for (std::uint64_t step = 0; step < 3; ++step) twins.step(step);
}

TEST(MemoryTest, GradientsInAnotherOrder) {
  for (const bool parameter_last : {false, true}) {
    Twins twins(parameter_last ? channels_last(leaf(kImages, 1)) : leaf(kImages, 1));
    for (std::uint64_t step = 0; step < 4; ++step) {
      give_gradient(twins.parameter, step);
      const torch::Tensor gradient = twins.parameter.grad();
      // In turn: the other memory format, strided with gaps, expanded.
      twins.parameter.mutable_grad() = step % 2 == 0
                                           ? gradient.contiguous(parameter_last ? torch::MemoryFormat::Contiguous
                                                                                : torch::MemoryFormat::ChannelsLast)
                                           : torch::stack({gradient, gradient}, -1).select(-1, 1);
      twins.step_with_gradients(step);
    }
  }
}

TEST(MemoryTest, ExpandedGradient) {
  const torch::Tensor w = leaf({3, 4}, 1);
  thalweg::libtorch::SGD optimizer({{"w", w}}, {.lr = 1});
  const torch::Tensor before = w.detach().clone();
  w.mutable_grad() = torch::ones({}).expand({3, 4});  // what sum().backward() gives
  optimizer.step();
  EXPECT_TRUE(same_bits(w, before - 1));
}

TEST(MemoryTest, ParameterWithGaps) {
  // Every other column of a table: its elements are not one piece of memory.
  const torch::Tensor table = leaf({4, 10}, 1).detach();
  const torch::Tensor rest = table.slice(1, 1, 10, 2).clone();
  Twins twins(table.slice(1, 0, 10, 2).requires_grad_(true));
  ASSERT_FALSE(twins.parameter.is_non_overlapping_and_dense());
  for (std::uint64_t step = 0; step < 4; ++step) twins.step(step);
  EXPECT_TRUE(same_bits(table.slice(1, 1, 10, 2), rest)) << "what lies between is left alone";
  EXPECT_TRUE(same_bits(table.slice(1, 0, 10, 2), twins.plain)) << "and the table sees the steps";
  // Changed from outside between steps.
  {
    const torch::NoGradGuard no_grad;
    twins.parameter.mul_(2);
    twins.plain.mul_(2);
  }
  twins.step(4);
}

TEST(MemoryTest, EmptyAndScalarParameters) {
  const torch::Tensor none = leaf({0, 3}, 1), scalar = leaf({}, 2);
  thalweg::libtorch::SGD optimizer({{"none", none}, {"scalar", scalar}}, {.lr = 1});
  const torch::Tensor before = scalar.detach().clone();
  give_gradients({none, scalar}, 1);
  optimizer.step();
  EXPECT_TRUE(same_bits(scalar, before - scalar.grad()));
}

TEST(MemoryTest, RulesThatSeeRowsAndColumns) {
  const torch::Tensor plain = leaf({6, 4}, 1);
  const torch::Tensor transposed = plain.detach().t().contiguous().t().requires_grad_(true);
  ASSERT_FALSE(transposed.is_contiguous());
  const thalweg::Adafactor options{.lr = 0.1, .momentum = 0.5};
  thalweg::libtorch::Adafactor ours({{"w", transposed}}, options), expected({{"w", plain}}, options);
  for (std::uint64_t step = 0; step < 3; ++step) {
    give_gradients({transposed}, step);
    give_gradients({plain}, step);
    ours.step();
    expected.step();
    EXPECT_TRUE(same_bits(transposed, plain)) << step;
  }
  EXPECT_EQ(ours.state("w", "r").sizes(), c10::IntArrayRef({6}));
  EXPECT_EQ(ours.state("w", "c").sizes(), c10::IntArrayRef({4}));
  EXPECT_TRUE(same_bits(ours.state("w", "r"), expected.state("w", "r")));
  EXPECT_TRUE(same_bits(ours.state("w", "m"), expected.state("w", "m")));
  EXPECT_FALSE(ours.state("w", "v").defined());
}

TEST(MovedTest, ByLoadingAModule) {
  Net net = seeded_net(), other = seeded_net();
  thalweg::libtorch::RMSprop optimizer{*net, {.lr = 1e-2, .momentum = 0.9}};
  thalweg::libtorch::RMSprop expected{*other, {.lr = 1e-2, .momentum = 0.9}};
  std::stringstream saved;
  torch::save(net, saved);
  train(net, optimizer, 0, 3);
  train(other, expected, 0, 3);
  torch::load(net, saved);  // back to the first weights, in other memory
  {
    const torch::NoGradGuard no_grad;
    const Net first = seeded_net();
    for (std::size_t i = 0; i < first->parameters().size(); ++i) {
      other->parameters()[i].copy_(first->parameters()[i]);
    }
  }
  train(net, optimizer, 3, 3);
  train(other, expected, 3, 3);
  EXPECT_TRUE(same_parameters(net, other));
}

TEST(MovedTest, BySetData) {
  Twins twins(leaf({7, 3}, 1));
  twins.step(0);
  const torch::Tensor old = twins.parameter.detach().clone();
  const torch::Tensor view_of_old = twins.parameter.detach();
  twins.parameter.set_data(twins.parameter.detach().clone());
  twins.step(1);
  EXPECT_TRUE(same_bits(view_of_old, old)) << "the old memory is left alone";
}

TEST(MovedTest, StateFollowsIntoAnotherMemoryFormat) {
  Twins twins(leaf(kImages, 1));
  twins.step(0);
  twins.parameter.set_data(twins.parameter.detach().contiguous(torch::MemoryFormat::ChannelsLast));
  twins.step(1);
  twins.parameter.set_data(twins.parameter.detach().contiguous());
  twins.step(2);
  // Into memory with gaps and back, and from there into channels-last.
  twins.parameter.set_data(torch::stack({twins.parameter.detach(), twins.parameter.detach()}, -1).select(-1, 0));
  ASSERT_FALSE(twins.parameter.is_non_overlapping_and_dense());
  twins.step(3);
  twins.parameter.set_data(twins.parameter.detach().contiguous(torch::MemoryFormat::ChannelsLast));
  twins.step(4);
}

TEST(MovedTest, TensorsThatChangePlaces) {
  const torch::Tensor a = leaf({6}, 1), b = leaf({6}, 2);
  const torch::Tensor a_plain = a.detach().clone().requires_grad_(true),
                      b_plain = b.detach().clone().requires_grad_(true);
  thalweg::libtorch::RMSprop ours({{"a", a}, {"b", b}}, {.lr = 0.1, .momentum = 0.5});
  thalweg::libtorch::RMSprop expected({{"a", a_plain}, {"b", b_plain}}, {.lr = 0.1, .momentum = 0.5});
  for (std::uint64_t step = 0; step < 4; ++step) {
    give_gradients({a, b}, step);
    give_gradients({a_plain, b_plain}, step);
    ours.step();
    expected.step();
    EXPECT_TRUE(same_bits(a, a_plain));
    EXPECT_TRUE(same_bits(b, b_plain));
    const torch::Tensor a_memory = a.detach(), b_memory = b.detach(), a_values = a_memory.clone();
    {
      const torch::NoGradGuard no_grad;
      a_memory.copy_(b_memory);
      b_memory.copy_(a_values);
    }
    a.set_data(b_memory);
    b.set_data(a_memory);
  }
}

TEST(MovedTest, ReshapedInPlace) {
  Twins twins(leaf({6, 2}, 1));
  twins.step(0);
  twins.parameter.set_data(twins.parameter.detach().view({3, 4}));
  twins.plain.set_data(twins.plain.detach().view({3, 4}));
  twins.step(1);
}

TEST(MovedTest, ToAnotherDtypeIsAnErrorThatSaysWhatToDo) {
  Net net = seeded_net();
  thalweg::libtorch::RMSprop optimizer{*net, {.lr = 1e-2}};
  train(net, optimizer, 0, 1);
  net->to(torch::kDouble);
  const std::string message = error_of([&] { optimizer.step(); });
  EXPECT_THAT(message, HasSubstr("parameter \"first.weight\" has become double, its state is float"));
  EXPECT_THAT(message, HasSubstr("remove and add"));
  for (const auto& item : net->named_parameters()) optimizer.remove(item.key());
  for (const auto& item : net->named_parameters()) optimizer.add(item.key(), item.value());
  give_gradients(net->parameters(), 1);
  optimizer.step();
  EXPECT_EQ(optimizer.state("norm.bias", "v").scalar_type(), torch::kDouble);
}

TEST(MovedTest, ToAnotherSizeIsAnError) {
  const torch::Tensor w = leaf({6}, 1);
  thalweg::libtorch::RMSprop optimizer({{"w", w}}, {.lr = 1e-2});
  w.set_data(torch::zeros({7}));
  EXPECT_THAT(error_of([&] { optimizer.step(); }), HasSubstr("parameter \"w\" has 7 elements, its state 6"));
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
