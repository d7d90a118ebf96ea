// The oracle and the engine against what PyTorch, Keras, Optax and TensorFlow computed (tests/goldens).
#include "engine/golden_cases.h"
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/optimizer.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

/// What is not part of a rule, and not here yet.
bool is_beyond_the_rule(const GoldenCase& golden) { return golden.needs_any_of({"clip", "ema"}); }

TEST(Goldens, ThereAreSomeForEveryRuleAndPeer) {
  EXPECT_GE(golden_cases().size(), 300u);
  std::set<std::string> rules, peers;
  std::size_t without_gradient = 0, with_new_lr = 0;
  for (const GoldenCase& golden : golden_cases()) {
    rules.insert(golden.rule);
    peers.insert(golden.peer);
    const auto any = [&](auto&& is) { return std::ranges::any_of(golden.steps, is); };
    without_gradient += any([](const GoldenStep& step) { return step.gradient.empty(); });
    with_new_lr += any([](const GoldenStep& step) { return step.lr.has_value(); });
  }
  EXPECT_EQ(peers.size(), 4u);
  for (const Sample& sample : samples()) EXPECT_TRUE(rules.contains(sample.rule())) << sample.rule();
  EXPECT_GE(without_gradient, 50u);
  EXPECT_GE(with_new_lr, 100u);
}

TEST(Goldens, OracleAgrees) {
  for (const GoldenCase& golden : golden_cases()) {
    if (is_beyond_the_rule(golden)) continue;
    SCOPED_TRACE(golden.id);
    const auto sample = std::ranges::find(samples(), golden.options.rule().name, &Sample::rule);
    ASSERT_NE(sample, samples().end());
    Options options = golden.options;
    oracle::Parameter parameter{.theta = golden.start, .columns = {}, .scalars = {}};
    for (const auto& [column, value] : golden.first_state) parameter.column(column, value);
    std::int64_t number = 0;
    for (std::size_t t = 0; t < golden.steps.size(); ++t) {
      SCOPED_TRACE("step " + std::to_string(t + 1));
      const GoldenStep& step = golden.steps[t];
      if (step.lr) options.set("lr", *step.lr);
      if (!step.gradient.empty()) {
        sample->oracle(options, parameter, {++number, step.gradient, std::numeric_limits<double>::min()});
      }
      EXPECT_EQ(first_difference<double>(parameter.theta, step.theta, 1e-12), "");
      if (number == 0) continue;  // PyTorch's Adagrad has its state before its first gradient
      for (const auto& [name, values] : step.state) {
        EXPECT_EQ(first_difference<double>(parameter.columns[name], values, 1e-12), "") << name;
      }
    }
  }
}

template <class T>
void expect_engine_agrees(const GoldenCase& golden, const std::string& backend) {
  SCOPED_TRACE(golden.id + ", " + type_name<T> + ", " + backend);
  Optimizer optimizer(golden.options, {.step_count = golden.step_count, .backend = backend});
  std::vector<T> theta(golden.start.begin(), golden.start.end());
  const Handle handle = optimizer.add("theta", theta);
  for (const auto& [column, value] : golden.first_state) {
    std::ranges::fill(optimizer.column<T>(handle, column), static_cast<T>(value));
  }
  std::map<std::string, Magnitudes> magnitudes;
  for (std::size_t t = 0; t < golden.steps.size(); ++t) {
    SCOPED_TRACE("step " + std::to_string(t + 1));
    const GoldenStep& step = golden.steps[t];
    if (step.lr) optimizer.set("lr", *step.lr);
    const std::vector<T> gradient(step.gradient.begin(), step.gradient.end());
    if (gradient.empty()) {
      optimizer.step({});
    } else {
      optimizer.step({{handle, gradient}});
    }
    const auto expect_close = [&](std::span<const T> ours, const std::string& name, const std::vector<double>& values) {
      magnitudes[name].see(values);
      ASSERT_EQ(ours.size(), values.size()) << name;
      EXPECT_EQ(first_difference<T>(ours, values, tolerance<T>, magnitudes[name]), "") << name;
    };
    expect_close(theta, "theta", step.theta);
    if (optimizer.step_number(handle) == 0) continue;
    for (const auto& [name, values] : step.state) expect_close(optimizer.column<T>(handle, name), name, values);
  }
}

TEST(Goldens, EngineAgrees) {
  std::vector<std::string> backends = cpu_targets();
  backends.push_back("reference");
  for (const std::string& backend : backends) {
    for (const GoldenCase& golden : golden_cases()) {
      if (is_beyond_the_rule(golden)) continue;
      expect_engine_agrees<double>(golden, backend);
      expect_engine_agrees<float>(golden, backend);
    }
  }
}

}  // namespace
}  // namespace thalweg::tests
