// The loss scale that is looked for during training: PyTorch's rule, and what it needs.
#include "engine/numbers.h"
#include "engine/state_head.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 67;

/// torch/amp/grad_scaler.py, `update`, with the arithmetic of `_amp_update_scale_`.
struct GradScaler {
  double scale, growth, backoff;
  std::int64_t interval, tracker = 0;

  void update(bool found_infinity) {
    if (found_infinity) {
      scale *= backoff;
      tracker = 0;
    } else if (++tracker == interval) {
      scale *= growth;
      tracker = 0;
    }
  }
};

TEST(DynamicLossScales, FollowPyTorchsRule) {
  for (const std::int64_t interval : {1, 2, 5}) {
    const Settings settings{.loss_scale = 1024,
                            .dynamic_loss_scale = {.on = true, .growth = 2, .backoff = 0.25, .interval = interval},
                            .check = Check::guard};
    GradScaler scaler{1024, 2, 0.25, interval};
    std::vector<float> theta{0}, plain{0};
    Optimizer optimizer(SGD{.lr = 1}, settings), unscaled(SGD{.lr = 1});
    optimizer.add("theta", theta);
    unscaled.add("theta", plain);
    const Random random(kSeed, RandomPurpose::test, "overflows");
    std::int64_t refused = 0;
    for (std::uint64_t step = 0; step < 60; ++step) {
      const bool bad = random.below(4, step) == 0;
      const std::vector<float> exact{static_cast<float>(step % 7)};
      const std::vector<float> scaled{bad ? INFINITY : exact[0] * static_cast<float>(optimizer.loss_scale())};
      EXPECT_EQ(optimizer.step({{"theta", scaled}}).applied(), !bad);
      if (!bad) unscaled.step({{"theta", exact}});
      scaler.update(bad);
      refused += bad ? 1 : 0;
      ASSERT_EQ(optimizer.loss_scale(), scaler.scale) << step;
      EXPECT_EQ(theta, plain) << step;
      if (step % 10 == 5) {  // saved and taken over, scale, numbers and all
        Optimizer other(SGD{.lr = 1}, {.check = Check::guard});
        other.add("theta", theta);
        other.load(optimizer.state());
        EXPECT_EQ(safetensors::to_bytes(other.state()), safetensors::to_bytes(optimizer.state()));
        optimizer.load(other.state());
      }
    }
    EXPECT_EQ(optimizer.refused_steps(), refused);
    EXPECT_GT(refused, 5);
  }
}

TEST(DynamicLossScales, StayInsideTheRange) {
  std::vector<float> theta{0};
  const std::vector<float> zero{0}, infinite{INFINITY};
  Optimizer optimizer(SGD{}, {.loss_scale = 1e300,
                              .dynamic_loss_scale = {.on = true, .growth = 1e5, .backoff = 1e-300, .interval = 1},
                              .check = Check::guard});
  optimizer.add("theta", theta);
  for (int step = 0; step < 4; ++step) optimizer.step({{"theta", zero}});
  EXPECT_TRUE(std::isfinite(optimizer.loss_scale()));
  for (int step = 0; step < 4; ++step) optimizer.step({{"theta", infinite}});
  EXPECT_GT(optimizer.loss_scale(), 0);
}

TEST(DynamicLossScales, OfAccumulatedCallsChangeWithTheStep) {
  std::vector<float> theta{0};
  const std::vector<float> one{1};
  Optimizer optimizer(SGD{}, {.loss_scale = 8,
                              .dynamic_loss_scale = {.on = true, .interval = 2},
                              .accumulation = {.calls = 3},
                              .check = Check::guard});
  optimizer.add("theta", theta);
  for (int call = 0; call < 5; ++call) {
    optimizer.step({{"theta", one}});
    EXPECT_EQ(optimizer.loss_scale(), 8);
  }
  optimizer.step({{"theta", one}});
  EXPECT_EQ(optimizer.loss_scale(), 16);
}

TEST(DynamicLossScales, NeedTheGuard) {
  EXPECT_THAT(error_of([] { Optimizer(SGD{}, {.dynamic_loss_scale = {.on = true}}); }),
              HasSubstr("a dynamic loss scale needs check guard"));
  Optimizer optimizer(SGD{}, {.dynamic_loss_scale = {.on = true, .interval = 4}, .check = Check::guard});
  EXPECT_THAT(error_of([&] { optimizer.set_check(Check::detect); }), HasSubstr("needs check guard"));
  EXPECT_EQ(optimizer.settings().check, Check::guard);
  Optimizer other(SGD{});
  other.load(optimizer.state());
  EXPECT_EQ(other.settings().check, Check::guard) << "it comes with the state";
  EXPECT_THAT(error_of([&] { optimizer.load(with_number(optimizer.state(), "good_steps", "4")); }),
              HasSubstr("good_steps = 4 is outside [0, 4)"));
  for (const double growth : {1.0, 0.5, std::nan(""), HUGE_VAL}) {
    EXPECT_THAT(error_of([&] {
                  Optimizer(SGD{}, {.dynamic_loss_scale = {.on = true, .growth = growth}, .check = Check::guard});
                }),
                HasSubstr("dynamic_loss_scale: growth = "));
  }
  for (const double backoff : {0.0, 1.0, std::nan("")}) {
    EXPECT_THAT(error_of([&] {
                  Optimizer(SGD{}, {.dynamic_loss_scale = {.on = true, .backoff = backoff}, .check = Check::guard});
                }),
                HasSubstr("dynamic_loss_scale: backoff = "));
  }
}

}  // namespace
}  // namespace thalweg::tests
