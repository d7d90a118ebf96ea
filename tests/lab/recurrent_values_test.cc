// Recurrent layers: first values, bits, special values, accuracy of the gates, and what is computed and kept where no
// gradient is wanted.
#include "error_of.h"
#include "models/recurrent.h"
#include "on_each_target.h"

#include <gmock/gmock.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>

namespace thalweg::lab {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

using RecurrentValues = tests::OnEachTarget;
INSTANTIATE_TEST_SUITE_P(Targets, RecurrentValues, tests::each_target(), tests::target_name);

std::vector<std::shared_ptr<RecurrentLayers>> both(std::int64_t inputs, std::int64_t hidden, std::int64_t layers = 1,
                                                   std::uint64_t seed = 1) {
  return {std::make_shared<Lstm>("recurrent", inputs, hidden, layers, seed),
          std::make_shared<Gru>("recurrent", inputs, hidden, layers, seed)};
}

TEST_P(RecurrentValues, HavePyTorchsNamesShapesAndFirstValues) {
  for (const auto& layers : both(5, 16, 2)) {
    const std::int64_t rows = layers->parameters()[0].size(0);
    EXPECT_TRUE(rows == 4 * 16 || rows == 3 * 16);
    const std::vector<std::pair<std::string, std::vector<std::int64_t>>> expected{
        {"weight_ih_l0", {rows, 5}},  {"weight_hh_l0", {rows, 16}}, {"bias_ih_l0", {rows}}, {"bias_hh_l0", {rows}},
        {"weight_ih_l1", {rows, 16}}, {"weight_hh_l1", {rows, 16}}, {"bias_ih_l1", {rows}}, {"bias_hh_l1", {rows}}};
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> names;
    for (const auto& item : layers->named_parameters()) {
      names.emplace_back(item.key(), item.value().sizes().vec());
      EXPECT_LE(item.value().abs().max().item().toDouble(), 0.25) << item.key();
      EXPECT_GE(item.value().abs().max().item().toDouble(), 0.2) << item.key();
    }
    EXPECT_EQ(names, expected);
  }
  // By seed, full name and place alone.
  EXPECT_TRUE(both(5, 16)[0]->parameters()[1].equal(both(9, 16, 3)[0]->parameters()[1]));
  EXPECT_FALSE(both(5, 16)[0]->parameters()[1].equal(both(5, 16, 1, 2)[0]->parameters()[1]));
  EXPECT_FALSE(both(5, 16)[0]->parameters()[1].equal(Lstm("other", 5, 16, 1, 1).parameters()[1]));
}

struct Trained {
  torch::Tensor steps;
  std::vector<torch::Tensor> gradients;
};

Trained run_once(RecurrentLayers& layers, const torch::Tensor& x, int threads) {
  torch::set_num_threads(threads);
  layers.zero_grad();
  Trained result{layers.forward(x).steps, {}};
  result.steps.square().sum().backward();
  for (const torch::Tensor& parameter : layers.parameters()) result.gradients.push_back(parameter.grad().clone());
  torch::set_num_threads(1);
  return result;
}

TEST_P(RecurrentValues, RepeatTheirBits) {
  for (const auto& layers : both(28, 40, 2)) {
    const torch::Tensor x = torch::randn({64, 28, 28});
    for (const int threads : {1, 2}) {
      const Trained first = run_once(*layers, x, threads);
      for (int again = 0; again < 3; ++again) {
        const Trained same = run_once(*layers, x, threads);
        EXPECT_TRUE(first.steps.equal(same.steps));
        for (std::size_t i = 0; i < first.gradients.size(); ++i) {
          EXPECT_TRUE(first.gradients[i].equal(same.gradients[i])) << threads << " threads, parameter " << i;
        }
      }
    }
    // Forward: whatever the number of threads, whatever else is in the batch.
    const torch::Tensor steps = run_once(*layers, x, 2).steps;
    EXPECT_TRUE(steps.equal(run_once(*layers, x, 1).steps));
    EXPECT_TRUE(steps.narrow(0, 13, 1).equal(layers->forward(x.narrow(0, 13, 1)).steps));
    EXPECT_TRUE(steps.equal(layers->forward(x.transpose(0, 1).contiguous().transpose(0, 1)).steps));
    EXPECT_TRUE(steps.equal(layers->forward(x.transpose(1, 2).contiguous().transpose(1, 2)).steps));
  }
}

TEST_P(RecurrentValues, GoOnFromTheirLastStates) {
  for (const auto& layers : both(3, 20, 2)) {
    const torch::InferenceMode inference;
    const torch::Tensor x = torch::randn({4, 9, 3});
    const auto whole = layers->forward(x), begin = layers->forward(x.narrow(1, 0, 4));
    const auto rest = layers->forward(x.narrow(1, 4, 5), begin.last);
    EXPECT_TRUE(whole.steps.equal(torch::cat({begin.steps, rest.steps}, 1)));
    EXPECT_TRUE(whole.last.back().h.equal(whole.steps.select(1, 8)));
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_TRUE(whole.last[k].h.equal(rest.last[k].h));
      EXPECT_EQ(whole.last[k].c.defined(), rest.last[k].c.defined());
      if (whole.last[k].c.defined()) {
        EXPECT_TRUE(whole.last[k].c.equal(rest.last[k].c));
      }
    }
  }
}

TEST_P(RecurrentValues, ApplyWhatComesBetweenThem) {
  for (const auto& layers : both(3, 20, 2)) {
    const torch::Tensor x = torch::randn({4, 9, 3});
    int calls = 0;
    const auto zeros = layers->forward(x, {}, [&](const torch::Tensor& steps) {
      ++calls;
      return torch::zeros_like(steps);
    });
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(zeros.steps[0].equal(zeros.steps[3]));
  }
}

TEST_P(RecurrentValues, GiveGradientsWhereTheyAreWanted) {
  for (const auto& layers : both(3, 20)) {
    layers->parameters()[1].set_requires_grad(false);
    const torch::Tensor x = torch::randn({4, 9, 3}), wanted = x.clone().set_requires_grad(true);
    layers->forward(x).steps.sum().backward();
    EXPECT_FALSE(x.grad().defined());
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(layers->parameters()[i].grad().defined(), i != 1) << i;
    layers->forward(wanted).steps.sum().backward();
    EXPECT_TRUE(wanted.grad().defined());
    EXPECT_THAT(tests::error_of([&] {
                  torch::autograd::grad({layers->forward(x).steps.sum()}, {layers->parameters()[0]}, {}, true, true);
                }),
                ::testing::HasSubstr("no second derivatives"));
  }
}

/// Bytes that LibTorch's allocator has given out and not got back.
class Bytes : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t size, std::int64_t, std::int64_t, c10::Device) override { live += size; }
  bool memoryProfilingEnabled() const override { return true; }
  std::int64_t live = 0;
};

TEST_P(RecurrentValues, KeepNothingWhereNoGradientIsWanted) {
  for (const auto& layers : both(3, 32)) {
    const torch::Tensor x = torch::randn({4, 9, 3});
    const auto bytes = std::make_shared<Bytes>();
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, bytes);
    const auto kept_by = [&](const auto& call) {
      const std::int64_t before = bytes->live;
      const auto output = call();
      EXPECT_EQ(output.steps.size(1), 9);
      return bytes->live - before;
    };
    const auto forward = [&] { return layers->forward(x); };
    constexpr std::int64_t kState = 4 * 32 * sizeof(float);
    // All h, and for LSTM the last c.
    EXPECT_LE(kept_by([&] {
                const torch::InferenceMode inference;
                auto output = forward();
                EXPECT_TRUE(output.steps.is_inference());
                return output;
              }),
              11 * kState);
    EXPECT_LE(kept_by([&] {
                const torch::NoGradGuard no_grad;
                return forward();
              }),
              11 * kState);
    EXPECT_GE(kept_by(forward), 40 * kState);
  }
}

/// A GRU of one unit whose new state is tanh(x + bias), or where `sigmoid` is said σ(x + bias).
torch::Tensor through_gate(const torch::Tensor& x, bool sigmoid, float bias = 0) {
  Gru gru("gate", 1, 1, 1, 1);
  const torch::NoGradGuard no_grad;
  for (torch::Tensor& parameter : gru.parameters()) parameter.zero_();
  // h' = (1 − z) n + z h: σ with n = 0 and h = 1; tanh with z = 0 and h = 0.
  if (!sigmoid) gru.parameters()[2][1] = -kInfinity;
  gru.parameters()[0][sigmoid ? 1 : 2] = 1;
  gru.parameters()[2][sigmoid ? 1 : 2] = bias;
  const torch::Tensor h = torch::full({x.size(0), 1}, sigmoid ? 1.0F : 0.0F);
  return gru.forward(x.view({-1, 1, 1}), {{h, {}}}).last[0].h.view(-1);
}

TEST_P(RecurrentValues, GatesAreAccurate) {
  const torch::Tensor x = torch::cat({torch::linspace(-86, 86, 1000001), torch::linspace(-2, 2, 1000001),
                                      torch::pow(2, torch::linspace(-126, -1, 100001))});
  const torch::Tensor exact_x = x.to(torch::kFloat64);
  const auto expect_ulp = [&](const torch::Tensor& ours, const torch::Tensor& exact, double limit) {
    const torch::Tensor ulp = torch::pow(2, torch::floor(torch::log2(exact.abs())) - 23);
    const torch::Tensor errors = ((ours.to(torch::kFloat64) - exact) / ulp).abs();
    EXPECT_LE(errors.max().item().toDouble(), limit) << "at " << x[errors.argmax()].item().toDouble();
  };
  expect_ulp(through_gate(x, /*sigmoid=*/true), torch::sigmoid(exact_x), 2.5);
  expect_ulp(through_gate(x.abs(), /*sigmoid=*/false), torch::tanh(exact_x.abs()), 2.5);
  // By the bias: infinity times another gate's zero would be NaN.
  const auto at = [&](float bias, bool sigmoid) {
    return through_gate(torch::zeros(1), sigmoid, bias).item().toFloat();
  };
  for (const float large : {100.0F, kInfinity}) {
    EXPECT_EQ(at(large, true), 1);
    EXPECT_NEAR(at(-large, true), 0, 1e-37);
    EXPECT_EQ(at(large, false), 1);
    EXPECT_EQ(at(-large, false), -1);
  }
  EXPECT_TRUE(std::isnan(at(kNan, true)) && std::isnan(at(kNan, false)));
  EXPECT_EQ(at(0, true), 0.5F);
  EXPECT_EQ(at(0, false), 0);
}

TEST_P(RecurrentValues, NanStaysInItsSequenceAndReachesItsEnd) {
  for (const auto& layers : both(3, 20)) {
    const torch::Tensor x = torch::randn({7, 9, 3});
    const torch::Tensor clean = layers->forward(x).steps;
    x[2][4][1] = kNan;
    const torch::Tensor steps = layers->forward(x).steps;
    EXPECT_TRUE(steps[2].narrow(0, 0, 4).equal(clean[2].narrow(0, 0, 4)));
    EXPECT_TRUE(steps[2].narrow(0, 4, 5).isnan().all().item().toBool());
    for (const int row : {0, 1, 3, 4, 5, 6}) EXPECT_TRUE(steps[row].equal(clean[row])) << row;
    steps.sum().backward();
    for (const torch::Tensor& parameter : layers->parameters()) {
      EXPECT_TRUE(parameter.grad().isnan().any().item().toBool());
    }
    x[2][4][1] = kInfinity;
    EXPECT_TRUE(layers->forward(x).steps.isfinite().all().item().toBool());
  }
}

TEST_P(RecurrentValues, ErrorsNameWhatTheyExpect) {
  const Lstm lstm("recurrent", 3, 20, 1, 1);
  const auto message = [&](const torch::Tensor& x, const std::vector<RecurrentState>& first = {}) {
    return tests::error_of([&] { lstm.forward(x, first); });
  };
  EXPECT_THAT(message(torch::randn({4, 9, 2})), ::testing::HasSubstr("[4, 9, 2], Float, cpu; expected [4, 9, 3]"));
  EXPECT_THAT(message(torch::randn({9, 3})), ::testing::HasSubstr("batch, time, inputs"));
  EXPECT_THAT(message(torch::randn({4, 9, 3}, torch::kFloat64)), ::testing::HasSubstr("Double"));
  EXPECT_THAT(message(torch::randn({4, 0, 3})), ::testing::HasSubstr("0 steps"));
  EXPECT_THAT(message(torch::randn({4, 9, 3}), {{}, {}}), ::testing::HasSubstr("first states of 2 layers"));
  EXPECT_THAT(message(torch::randn({4, 9, 3}), {{torch::zeros({4, 19}), {}}}), ::testing::HasSubstr("[4, 19]"));
  EXPECT_THAT(tests::error_of([] { Gru("recurrent", 3, 0, 1, 1); }), ::testing::HasSubstr("hidden = 0"));
}

}  // namespace
}  // namespace thalweg::lab
