// Every way in which the frameworks write some options.
#include "dialects/dialect.h"
#include "engine/dialects.h"
#include "engine/numbers.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> names(std::string_view options) {
  std::vector<std::string> result;
  for (const Expression& expression : express(parse_options(options))) {
    result.push_back(expression.peer + " " + expression.name);
  }
  return result;
}

/// Parameters after some steps under these options, with a rate that changes.
std::vector<double> run(const Options& options) {
  std::vector<double> theta{0.3, -1.2, 2.0};
  Optimizer optimizer(options, {.threads = 1, .backend = "reference"});
  const Handle handle = optimizer.add("theta", theta);
  for (int step = 1; step <= 9; ++step) {
    if (step == 4) optimizer.set("lr", options.get("lr") / 4);
    std::vector<double> gradient;
    for (int i = 0; i < 3; ++i) gradient.push_back(std::sin(2.1 * step + i * i) * (i == 2 ? 0.01 : 1));
    optimizer.step({{handle, gradient}});
  }
  return theta;
}

TEST(Express, NamesTheRecordedFrameworkAndReadsBack) {
  for (const GoldenCase& golden : golden_cases()) {
    SCOPED_TRACE(golden.id);
    if (!has_dialect(golden)) continue;
    int own = 0;
    for (const Expression& expression : express(golden.options)) {
      if (expression.peer != golden.peer || dialects::plain(expression.name) != dialects::plain(name_of(golden))) {
        continue;
      }
      ++own;
      EXPECT_EQ(translate(golden.peer, expression.name, expression.json).options, golden.options) << expression.json;
      EXPECT_EQ(expression.step_count, golden.settings.step_count);
    }
    EXPECT_EQ(own, 1);
  }
}

// Whoever writes these options computes the same numbers.
TEST(Express, EveryExpressionIsTheSameFormula) {
  std::size_t count = 0;
  for (const GoldenCase& golden : golden_cases()) {
    SCOPED_TRACE(golden.options.text());
    const std::vector<double> expected = run(golden.options);
    for (const Expression& expression : express(golden.options)) {
      const Options read = translate(expression.peer, expression.name, expression.json).options;
      EXPECT_EQ(first_difference<double>(run(read), expected, 1e-12), "") << expression.peer << ' ' << expression.name;
      ++count;
    }
  }
  EXPECT_GE(count, 600u);
}

TEST(Express, NamesAllAndNoOthers) {
  EXPECT_THAT(names("rmsprop:lr=.1"), ElementsAre("torch RMSprop", "keras2 RMSprop", "optax rmsprop"));
  EXPECT_THAT(names("rmsprop:lr=.1,eps_inside=true"),
              ElementsAre("keras RMSprop", "optax rmsprop", "tf1 ResourceApplyRMSProp"));
  EXPECT_THAT(names("rmsprop:momentum=.9"), ElementsAre("torch RMSprop"));
  EXPECT_THAT(names("rmsprop:momentum=.9,nesterov=true"), IsEmpty());
  EXPECT_THAT(names("rmsprop:momentum=.9,lr_in_momentum=true,nesterov=true"), ElementsAre("optax rmsprop"));
  EXPECT_THAT(names("sgd:momentum=.9,nesterov=true,dampening=.5"), IsEmpty());
  EXPECT_THAT(names("adam"), ElementsAre("torch Adam", "torch AdamW", "optax adam", "optax adamw"));
  EXPECT_THAT(names("adamw:weight_decay=.1"), ElementsAre("torch Adam", "torch AdamW", "optax adamw"));
  EXPECT_THAT(names("adam:weight_decay=.1"), ElementsAre("torch Adam"));
  EXPECT_THAT(names("adam:amsgrad=true"), ElementsAre("torch Adam", "torch AdamW"));
  EXPECT_EQ(names("adam:amsgrad=true"), names("amsgrad"));
  EXPECT_THAT(names("rprop"), ElementsAre("torch Rprop"));
  EXPECT_THAT(names("rprop:clamp_always=false"), IsEmpty());
  EXPECT_THAT(names("lion"), UnorderedElementsAre("keras Lion", "optax lion"));
}

TEST(Express, WritesArgumentsOfTheConstructors) {
  for (const Expression& expression : express(parse_options("adamw:lr=.5"))) {
    if (expression.name != "AdamW") continue;
    EXPECT_EQ(expression.json,
              R"({"lr": 0.5, "betas": [0.9, 0.999], "eps": 1e-08, "amsgrad": false, "weight_decay": 0.01, )"
              R"("maximize": false})");
  }
  EXPECT_EQ(express(parse_options("sgd:nesterov=true")).at(0).json,
            R"({"lr": 0.001, "momentum": 0.0, "dampening": 0.0, "nesterov": false, "weight_decay": 0.0, )"
            R"("maximize": false})");
}

}  // namespace
}  // namespace thalweg::tests
