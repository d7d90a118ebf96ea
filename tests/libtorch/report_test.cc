// What a step reports, steps that are refused, loss scales, and gradients of several calls for one step.
#include "helpers.h"

#include <limits>

namespace thalweg::inline v0_1::libtorch {
namespace {

using testing::HasSubstr;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TEST(ReportTest, SaysWhatTheStepDid) {
  Net net = seeded_net();
  thalweg::libtorch::SGD optimizer{*net, {.lr = 0.5}, {}, {.report = Reporting::parameters}};
  const torch::Tensor loss = optimizer.step([&] { return backward(net, 0); });
  torch::Tensor squares = torch::zeros({}, torch::kDouble);
  for (const torch::Tensor& each : net->parameters()) squares += each.grad().to(torch::kDouble).pow(2).sum();
  const StepReport& report = optimizer.report();
  EXPECT_TRUE(report.applied());
  EXPECT_NEAR(report.gradient_norm.value(), squares.sqrt().item<double>(), 1e-6);
  EXPECT_NEAR(report.update_norm.value(), 0.5 * report.gradient_norm.value(), 1e-6);
  ASSERT_EQ(report.parameters.size(), 6u);
  EXPECT_EQ(report.parameters[3].name, "norm.bias");
  EXPECT_NEAR(report.parameters[3].parameter_norm, net->norm->bias.norm().item<double>(), 1e-6);
}

TEST(ReportTest, DetectTellsWhatCameToNothing) {
  const torch::Tensor a = leaf({4}, 1), w = leaf({2, 3}, 2);
  thalweg::libtorch::RMSprop optimizer({{"a", a}, {"w", w}}, {.lr = 0.1});
  give_gradients({a, w}, 1);
  w.mutable_grad()[1][2] = kNaN;
  optimizer.step();
  EXPECT_TRUE(optimizer.report().applied());
  EXPECT_EQ(optimizer.report().non_finite, 1u);
  EXPECT_EQ(optimizer.report().first_non_finite, "w");
}

TEST(GuardTest, ARefusedStepChangesNothing) {
  const torch::Tensor a = leaf({4}, 1), table = leaf({2, 6}, 2).detach().slice(1, 0, 3).requires_grad_(true);
  thalweg::libtorch::RMSprop optimizer({{"a", a}, {"table", table}}, {.lr = 0.1},
                                       {.average = {.kind = AverageKind::mean}, .check = Check::guard});
  torch::nn::BatchNorm1d buffers(3);
  optimizer.average_buffers(buffers);
  give_gradients({a, table}, 1);
  optimizer.step();
  const torch::Tensor a_before = a.detach().clone(), table_before = table.detach().clone();
  const torch::Tensor mean = optimizer.buffer_average("running_mean").clone();
  State state = optimizer.state_dict();
  give_gradients({a, table}, 2);
  table.mutable_grad()[1][2] = kNaN;
  buffers->running_mean.fill_(5);
  const auto version = a._version();
  optimizer.step();
  EXPECT_EQ(optimizer.report().outcome, Outcome::non_finite);
  EXPECT_THAT(optimizer.report().refused, HasSubstr("\"table\""));
  EXPECT_EQ(optimizer.refused_steps(), 1);
  EXPECT_TRUE(same_bits(a, a_before));
  EXPECT_TRUE(same_bits(table, table_before));
  EXPECT_TRUE(same_bits(optimizer.buffer_average("running_mean"), mean)) << "nor are buffers averaged";
  EXPECT_EQ(a._version(), version);
  const State after = optimizer.state_dict();
  for (const auto& [name, tensor] : state.tensors) EXPECT_EQ(after.tensors.at(name).data, tensor.data) << name;
  give_gradients({a, table}, 2);
  optimizer.step();
  EXPECT_TRUE(optimizer.report().applied());
}

TEST(GuardTest, LooksForALossScale) {
  const torch::Tensor w = leaf({4}, 1), plain = leaf({4}, 1);
  thalweg::libtorch::SGD optimizer(
      {{"w", w}}, {.lr = 0.1},
      {.loss_scale = 8, .dynamic_loss_scale = {.on = true, .interval = 2}, .check = Check::guard});
  thalweg::libtorch::SGD expected({{"w", plain}}, {.lr = 0.1});
  std::vector<double> scales;
  for (int step = 0; step < 5; ++step) {
    scales.push_back(optimizer.loss_scale());
    optimizer.step([&] {
      w.mutable_grad() = torch::Tensor();
      const torch::Tensor loss = w.pow(2).sum() * (step == 1 ? kNaN : 1) * optimizer.loss_scale();
      loss.backward();
      return loss;
    });
    if (step == 1) continue;
    expected.step([&] {
      plain.mutable_grad() = torch::Tensor();
      const torch::Tensor loss = plain.pow(2).sum();
      loss.backward();
      return loss;
    });
    EXPECT_TRUE(same_bits(w, plain)) << "scales are powers of two";
  }
  EXPECT_THAT(scales, testing::ElementsAre(8, 8, 4, 4, 8));
  EXPECT_EQ(optimizer.refused_steps(), 1);
}

/// Parameters of which one is stepped as a copy, and one has a gradient in every other call alone.
struct Accumulating {
  explicit Accumulating(Settings settings = {.accumulation = {.calls = 2}})
      : optimizer({{"a", a}, {"gaps", gaps}, {"seldom", seldom}}, {.lr = 0.1}, std::move(settings)) {}

  void call(std::uint64_t number) {
    optimizer.zero_grad();
    give_gradients({a, gaps}, number);
    seldom.mutable_grad() = torch::Tensor();
    if (number % 2 == 0) give_gradient(seldom, number);
    optimizer.step();
  }

  torch::Tensor a = leaf({4}, 1), gaps = leaf({2, 6}, 2).detach().slice(1, 0, 3).requires_grad_(true),
                seldom = leaf({3, 4}, 3).detach().slice(1, 0, 2).requires_grad_(true);
  thalweg::libtorch::RMSprop optimizer;
};

TEST(AccumulationTest, IsAStepWithTheMean) {
  Accumulating ours, theirs(Settings{});
  for (std::uint64_t step = 0; step < 3; ++step) {
    ours.call(2 * step);
    EXPECT_EQ(ours.optimizer.report().outcome, Outcome::accumulated);
    EXPECT_EQ(ours.optimizer.engine().accumulated_calls(), 1);
    EXPECT_EQ(ours.optimizer.engine().step_number(ours.optimizer.engine().find("a")), static_cast<int>(step));
    ours.call(2 * step + 1);
    EXPECT_TRUE(ours.optimizer.report().applied());

    std::vector<torch::Tensor> all{theirs.a, theirs.gaps, theirs.seldom}, sums;
    give_gradients({theirs.a, theirs.gaps}, 2 * step);
    give_gradient(theirs.seldom, 2 * step);
    for (const torch::Tensor& each : all) sums.push_back(each.grad().clone());
    give_gradients({theirs.a, theirs.gaps}, 2 * step + 1);
    for (std::size_t i = 0; i < 3; ++i) all[i].mutable_grad() = (i < 2 ? sums[i] + all[i].grad() : sums[i]) / 2;
    theirs.optimizer.step();
    EXPECT_TRUE(same_bits(ours.a, theirs.a));
    EXPECT_TRUE(same_bits(ours.gaps, theirs.gaps));
    EXPECT_TRUE(same_bits(ours.seldom, theirs.seldom)) << "its gradient was in the first call alone";
  }
}

TEST(AccumulationTest, ResumesBetweenTheCalls) {
  for (const bool through_archive : {false, true}) {
    Accumulating whole, before, after;
    for (std::uint64_t call = 0; call < 6; ++call) whole.call(call);
    for (std::uint64_t call = 0; call < 3; ++call) before.call(call);
    after.call(8);
    if (through_archive) {
      std::stringstream stream;
      torch::save(before.optimizer, stream);
      torch::load(after.optimizer, stream);
    } else {
      after.optimizer.load_state_dict(before.optimizer.state_dict());
    }
    {
      const torch::NoGradGuard no_grad;
      after.a.copy_(before.a);
      after.gaps.copy_(before.gaps);
      after.seldom.copy_(before.seldom);
    }
    for (std::uint64_t call = 3; call < 6; ++call) after.call(call);
    EXPECT_TRUE(same_bits(whole.a, after.a));
    EXPECT_TRUE(same_bits(whole.gaps, after.gaps));
    EXPECT_TRUE(same_bits(whole.seldom, after.seldom));
  }
}

TEST(AccumulationTest, TheMemoryFormatStaysInBetween) {
  const torch::Tensor w = leaf({2, 3, 4, 5}, 1);
  thalweg::libtorch::SGD optimizer({{"w", w}}, {.lr = 0.1}, {.accumulation = {.calls = 2}});
  give_gradient(w, 1);
  optimizer.step();
  w.set_data(w.detach().contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_THAT(error_of([&] { optimizer.step(); }),
              HasSubstr("parameter \"w\" has changed its memory format while gradients of 1 of 2 calls are"));
  w.set_data(w.detach().contiguous());
  optimizer.step();
  EXPECT_TRUE(optimizer.report().applied());
}

}  // namespace
}  // namespace thalweg::inline v0_1::libtorch
