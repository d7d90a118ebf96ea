// Numbers in states: each is checked for its range, and with the largest that are allowed every rule still steps.
#include "engine/samples.h"
#include "engine/state_head.h"
#include "engine/training.h"
#include "error_of.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules/nadam.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kLargest = "9007199254740992";  // 2⁵³

Settings busy(StepCount count) { return {.step_count = count, .average = {.kind = AverageKind::mean}}; }

struct Pair {
  Pair(const Options& options, StepCount count) : optimizer(options, busy(count)) {
    optimizer.add("a", a);
    optimizer.add("b", b);
    step();
  }
  void step() { optimizer.step({{"a", gradient}}); }

  std::vector<float> a = {1, 2}, b = {3}, gradient = {0.5f, -0.5f};
  Optimizer optimizer;
};

TEST(StateNumbers, OutsideTheirRangesAreRefused) {
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    Pair pair(Nadam{}, count);
    const State good = pair.optimizer.state();
    for (const char* number :
         {"9007199254740993", "9223372036854775807", "-1", "18446744073709551615", "0.5", "1e300"}) {
      for (const char* key : {"step", "averaged"}) {
        EXPECT_THAT(error_of([&] { pair.optimizer.load(with_number(good, key, number)); }),
                    AllOf(HasSubstr("\"a\""), HasSubstr(key)))
            << number;
      }
      EXPECT_THAT(error_of([&] { pair.optimizer.load(with_number(good, "steps", number)); }), HasSubstr("steps"));
    }
    EXPECT_THAT(error_of([&] { pair.optimizer.load(with_number(good, "step", "9007199254740993")); }),
                AllOf(HasSubstr("step = 9007199254740993"), HasSubstr("[0, 9007199254740992]")));
    for (const char* number : {"-0.5", "1.5", "1e308"}) {
      EXPECT_THAT(error_of([&] { pair.optimizer.load(with_number(good, "mu_product", number)); }),
                  AllOf(HasSubstr("mu_product"), HasSubstr("[0, 1]")));
    }
    EXPECT_EQ(safetensors::to_bytes(pair.optimizer.state()), safetensors::to_bytes(good));
  }
}

TEST(StateNumbers, TheLargestStepsAreTaken) {
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    for (const Sample& sample : samples()) {
      for (const Options& options : pairwise_option_sets(sample)) {
        SCOPED_TRACE(options.text());
        Pair pair(options, count);
        State state = pair.optimizer.state();
        for (const char* key : {"step", "steps", "averaged"}) state = with_number(state, key, "9007199254740991");
        pair.optimizer.load(state);
        pair.step();
        EXPECT_TRUE(std::isfinite(pair.a[0]) && std::isfinite(pair.b[0]));
        EXPECT_EQ(pair.optimizer.step_number(pair.optimizer.find("a")), kMostSteps);
        // Its own state loads, and there is no step beyond.
        const auto bytes = safetensors::to_bytes(pair.optimizer.state());
        pair.optimizer.load(pair.optimizer.state());
        EXPECT_THAT(error_of([&] { pair.step(); }), HasSubstr("9007199254740992"));
        EXPECT_EQ(safetensors::to_bytes(pair.optimizer.state()), bytes);
      }
    }
  }
}

TEST(StateNumbers, TheLargestOfOneParameterNamesIt) {
  Pair pair(Nadam{}, StepCount::per_parameter);
  const State good = pair.optimizer.state();
  pair.optimizer.load(with_number(good, "step", kLargest));
  EXPECT_THAT(error_of([&] { pair.step(); }), AllOf(HasSubstr("\"a\""), HasSubstr(kLargest)));
  pair.optimizer.load(with_number(good, "averaged", kLargest));
  EXPECT_THAT(error_of([&] { pair.step(); }), AllOf(HasSubstr("\"a\""), HasSubstr("averaged"), HasSubstr(kLargest)));
}

TEST(StateNumbers, OfAveragingAreOfAnySize) {
  Pair pair(Nadam{}, StepCount::per_parameter);
  for (const char* key : {"start", "every", "overwrite_every"}) {
    pair.optimizer.load(with_number(pair.optimizer.state(), key, "9223372036854775807"));
    pair.step();
  }
  EXPECT_EQ(pair.optimizer.settings().average.start, INT64_MAX);
}

}  // namespace
}  // namespace thalweg::tests
