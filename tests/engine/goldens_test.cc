// The oracle and the engine against what PyTorch, Keras 3 and 2, Optax, TensorFlow and timm computed (tests/goldens).
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

TEST(Goldens, ThereAreSomeForEveryRuleAndPeer) {
  EXPECT_GE(golden_cases().size(), 600u);
  std::set<std::string> rules, peers;
  std::size_t without_gradient = 0, with_new_lr = 0, in_float = 0, of_several = 0, of_tables = 0, surrounded = 0;
  for (const GoldenCase& golden : golden_cases()) {
    rules.insert(golden.rule);
    peers.insert(golden.peer);
    const auto any = [&](auto&& is) { return std::ranges::any_of(golden.steps, is); };
    without_gradient += any([](const GoldenStep& step) { return step.gradient.empty(); });
    with_new_lr += any([](const GoldenStep& step) { return step.lr.has_value(); });
    in_float += !golden.is_float64;
    of_several += golden.lengths.size() > 1;
    of_tables += golden.row_width > 0;
    surrounded += golden.is_surrounded();
  }
  EXPECT_GE(peers.size(), 6u);
  for (const Sample& sample : samples()) EXPECT_TRUE(rules.contains(sample.rule())) << sample.rule();
  EXPECT_GE(without_gradient, 50u);
  EXPECT_GE(with_new_lr, 100u);
  EXPECT_GE(in_float, 80u);
  EXPECT_GE(of_several, 100u);
  EXPECT_GE(of_tables, 40u);
  EXPECT_GE(surrounded, 80u);
}

/// Largest values so far, by the name of what is compared.
using History = std::map<std::string, Magnitudes>;

template <class T>
void expect_close(History& history, const std::string& name, const std::vector<T>& ours,
                  const std::vector<double>& expected, double allowed = tolerance<T>) {
  history[name].see(expected);
  ASSERT_EQ(ours.size(), expected.size()) << name;
  EXPECT_EQ(first_difference<T>(ours, expected, allowed, history[name]), "") << name;
}

/// The recorded parameters for the oracle: each with its part of the start, its shape and its first values of state.
std::vector<oracle::Parameter> oracle_parameters(const GoldenCase& golden) {
  std::vector<oracle::Parameter> parameters;
  auto begin = golden.start.begin();
  for (std::size_t i = 0; i < golden.lengths.size(); ++i) {
    const auto end = begin + static_cast<std::ptrdiff_t>(golden.lengths[i]);
    oracle::Parameter& parameter = parameters.emplace_back();
    parameter.theta.assign(begin, end);
    if (!golden.shapes.empty()) parameter.shape.assign(golden.shapes[i].sizes.begin(), golden.shapes[i].sizes.end());
    for (const auto& [column, value] : golden.settings.first_values) parameter.column(column, value);
    begin = end;
  }
  return parameters;
}

/// The parameters' numbers, or those of a column of the parameters that have it, one after another.
std::vector<double> joined(const std::vector<oracle::Parameter>& parameters, const std::string& name) {
  std::vector<double> all;
  for (const oracle::Parameter& parameter : parameters) {
    const auto column = parameter.columns.find(name);
    if (name != "theta" && column == parameter.columns.end()) continue;
    const std::vector<double>& part = name == "theta" ? parameter.theta : column->second;
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

TEST(Goldens, OracleAgrees) {
  for (const GoldenCase& golden : golden_cases()) {
    if (golden.is_surrounded()) continue;  // the oracle is of rules alone
    SCOPED_TRACE(golden.id);
    const auto sample = std::ranges::find(samples(), golden.options.rule().name, &Sample::rule);
    ASSERT_NE(sample, samples().end());
    Options options = golden.options;
    std::vector<oracle::Parameter> parameters = oracle_parameters(golden);
    History history;
    const auto expect_agreement = [&](const std::string& name, const std::vector<double>& expected) {
      const std::vector<double> ours = joined(parameters, name);
      if (golden.is_float64 && golden.rtol == 0) {
        EXPECT_EQ(first_difference<double>(ours, expected, tolerance<double>), "") << name;
      } else if (golden.is_float64) {
        expect_close(history, name, ours, expected, golden.rtol);
      } else {
        expect_close(history, name, std::vector<float>(ours.begin(), ours.end()), expected);
      }
    };
    std::int64_t number = 0;
    std::vector<std::int64_t> numbers(parameters.size());  // each parameter's own
    for (std::size_t t = 0; t < golden.steps.size(); ++t) {
      SCOPED_TRACE("step " + std::to_string(t + 1));
      const GoldenStep& step = golden.steps[t];
      if (step.lr) options.set("lr", *step.lr);
      number += !step.gradient.empty();
      const std::span<const double> gradient = step.gradient;
      for (std::size_t i = 0, begin = 0; !gradient.empty() && i < parameters.size(); begin += golden.lengths[i++]) {
        const bool is_shared = golden.settings.step_count == StepCount::shared;
        const bool has_gradient = std::ranges::find(step.without, i) == step.without.end();
        if (!is_shared && !has_gradient) continue;
        oracle::Step now{.number = is_shared ? number : ++numbers[i],
                         .gradient = gradient.subspan(begin, golden.lengths[i]),
                         .smallest_normal = std::numeric_limits<double>::min()};
        if (has_gradient) {
          sample->oracle(options, parameters[i], now);
        } else {  // the step counts all the same, and so do the rule's scalars
          oracle::Parameter nothing{.theta = {}, .columns = {}, .scalars = parameters[i].scalars};
          now.gradient = {};
          sample->oracle(options, nothing, now);
          parameters[i].scalars = nothing.scalars;
        }
      }
      expect_agreement("theta", step.theta);
      if (number == 0) continue;  // PyTorch's Adagrad has its state before its first gradient
      for (const auto& [name, values] : step.state) expect_agreement(name, values);
    }
  }
}

/// A recorded run on the engine: its parameters lie one after another in `theta`.
template <class T>
class EngineRun {
 public:
  EngineRun(const GoldenCase& golden, const std::string& backend)
      : golden_(golden),
        theta_(golden.start.begin(), golden.start.end()),
        optimizer_(golden.options, golden.settings, {.backend = backend}) {
    for (std::size_t i = 0, begin = 0; i < golden.lengths.size(); begin += golden.lengths[i++]) {
      const std::string name = "theta" + std::to_string(begin);
      const std::span<T> part = std::span(theta_).subspan(begin, golden.lengths[i]);
      handles_.push_back(golden.shapes.empty() ? optimizer_.add(name, part)
                                               : optimizer_.add(name, part, golden.shapes[i]));
    }
  }

  void step(const GoldenStep& step) {
    if (step.lr) optimizer_.set("lr", *step.lr);
    const std::vector<T> gradient(step.gradient.begin(), step.gradient.end());
    std::vector<T> values;
    std::vector<Gradient> gradients;
    if (golden_.row_width > 0) {
      for (const std::int64_t row : step.rows) {
        const auto begin = gradient.begin() + row * static_cast<std::int64_t>(golden_.row_width);
        values.insert(values.end(), begin, begin + static_cast<std::int64_t>(golden_.row_width));
      }
      gradients.emplace_back(handles_.front(), Rows<T>{step.rows, values});
    } else if (!gradient.empty()) {
      for (std::size_t i = 0, begin = 0; i < handles_.size(); begin += golden_.lengths[i++]) {
        if (std::ranges::find(step.without, i) != step.without.end()) continue;
        gradients.emplace_back(handles_[i], std::span<const T>(gradient).subspan(begin, golden_.lengths[i]));
      }
    }
    optimizer_.step(gradients);
  }

  const std::vector<T>& theta() const { return theta_; }
  bool has_stepped() const { return optimizer_.step_number(handles_.front()) > 0; }
  std::vector<T> column(const std::string& name) {
    return joined([&](Handle handle) { return optimizer_.column<T>(handle, name); });
  }
  std::vector<T> average() {
    return joined([&](Handle handle) { return optimizer_.average<T>(handle); });
  }

 private:
  template <class Part>
  std::vector<T> joined(const Part& part_of) const {
    std::vector<T> result;
    for (const Handle handle : handles_) {
      const std::span<T> part = part_of(handle);
      result.insert(result.end(), part.begin(), part.end());
    }
    return result;
  }

  const GoldenCase& golden_;
  std::vector<T> theta_;
  Optimizer optimizer_;
  std::vector<Handle> handles_;
};

template <class T>
void expect_engine_agrees(const GoldenCase& golden, const std::string& backend) {
  SCOPED_TRACE(golden.id + ", " + type_name<T> + ", " + backend);
  EngineRun<T> run(golden, backend);
  History history;
  for (std::size_t t = 0; t < golden.steps.size(); ++t) {
    SCOPED_TRACE("step " + std::to_string(t + 1));
    const GoldenStep& step = golden.steps[t];
    run.step(step);
    const auto expect = [&](const std::string& name, const std::vector<T>& ours, const std::vector<double>& expected) {
      expect_close(history, name, ours, expected, std::max(golden.rtol, tolerance<T>));
    };
    expect("theta", run.theta(), step.theta);
    if (!step.average.empty()) expect("average", run.average(), step.average);
    if (!run.has_stepped()) continue;
    for (const auto& [name, values] : step.state) expect(name, run.column(name), values);
  }
}

TEST(Goldens, EngineAgrees) {
  std::vector<std::string> backends = cpu_targets();
  backends.push_back("reference");
  for (const std::string& backend : backends) {
    for (const GoldenCase& golden : golden_cases()) {
      if (golden.is_float64) expect_engine_agrees<double>(golden, backend);
      expect_engine_agrees<float>(golden, backend);
    }
  }
}

}  // namespace
}  // namespace thalweg::tests
