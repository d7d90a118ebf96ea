// Columns that come into use later: SGD's momentum begins with the gradient itself, whenever that is, as in PyTorch.
#include "engine/oracle/momentum.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules/sgd.h>
#include <thalweg/safetensors.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

/// One number with gradients of 1, beside the oracle.
struct Beside {
  explicit Beside(SGD sgd, StepCount count = StepCount::per_parameter)
      : options(sgd), optimizer(sgd, {.step_count = count}) {
    handle = optimizer.add("theta", theta);
    optimizer.add("other", other);
    expected.theta = theta;
  }
  void set(std::string_view option, double value) {
    options.set(option, value);
    optimizer.set(option, value);
  }
  void step() {
    optimizer.step({{handle, one}});
    oracle::sgd(options, expected, {++number, one, 0});
    EXPECT_THAT(theta, ElementsAre(DoubleEq(expected.theta[0]))) << "step " << number;
  }

  const std::vector<double> one{1};
  std::vector<double> theta{0}, other{0};
  Options options;
  Optimizer optimizer;
  Handle handle;
  oracle::Parameter expected;
  std::int64_t number = 0;
};

TEST(LateColumns, MomentumBeginsUndamped) {
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    Beside run(SGD{.lr = 1, .dampening = 0.5}, count);
    run.step();
    run.set("momentum", 0.5);
    run.step();
    EXPECT_THAT(run.theta, ElementsAre(-1 - 1));  // PyTorch: the buffer is a copy of the gradient
    run.step();
    EXPECT_THAT(run.theta, ElementsAre(-2 - (0.5 * 1 + 0.5 * 1)));
    run.set("momentum", 0);
    run.step();
    run.set("momentum", 0.5);  // its buffer has rested, and goes on
    run.step();
    EXPECT_THAT(run.theta, ElementsAre(-4 - (0.5 * 1 + 0.5 * 1)));
  }
}

TEST(LateColumns, MomentumBeginsUndampedForAParameterThatComesLate) {
  Beside run(SGD{.lr = 1, .momentum = 0.5, .dampening = 0.5}, StepCount::shared);
  for (int i = 0; i < 3; ++i) run.optimizer.step({{"other", run.one}});
  run.step();
  EXPECT_THAT(run.theta, ElementsAre(-1));
}

TEST(LateColumns, DampenFirstStepStillDampens) {
  Beside run(SGD{.lr = 1, .dampening = 0.5, .dampen_first_step = true});
  run.step();
  run.set("momentum", 0.5);
  run.step();
  EXPECT_THAT(run.theta, ElementsAre(-1 - 0.5));
}

TEST(LateColumns, LookingAtAColumnDoesNotBeginItAndSavingKeepsThat) {
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    for (const bool looks : {false, true}) {
      for (const bool saves : {false, true}) {
        Beside run(SGD{.lr = 1, .dampening = 0.5}, count);
        run.step();
        run.set("momentum", 0.5);
        if (looks) {
          EXPECT_THAT(run.optimizer.column<double>(run.handle, "b"), ElementsAre(0));
        }
        if (saves) {
          run.optimizer.load(safetensors::from_bytes(safetensors::to_bytes(run.optimizer.state()), "saved"));
        }
        run.step();
        EXPECT_THAT(run.theta, ElementsAre(-2)) << looks << saves;
        run.optimizer.load(run.optimizer.state());
        run.step();
        EXPECT_THAT(run.theta, ElementsAre(-3)) << looks << saves;
      }
    }
  }
}

}  // namespace
}  // namespace thalweg::tests
