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

/// Parameters, a vector and a matrix, after some steps under these options, with a rate that changes.
std::vector<double> run(const Options& options) {
  std::vector<double> theta{0.3, -1.2, 2.0, 0.7, 0.1, -0.4, 1.5, 0.2, -2.1};
  const std::span<double> all(theta);
  Optimizer optimizer(options, {}, {.threads = 1, .backend = "reference"});
  const Handle vector = optimizer.add("vector", all.first(3)), matrix = optimizer.add("matrix", all.subspan(3), {3, 2});
  for (int step = 1; step <= 9; ++step) {
    if (step == 4) optimizer.set("lr", options.get("lr") / 4);
    std::vector<double> gradient;
    for (int i = 0; i < 9; ++i) gradient.push_back(std::sin(2.1 * step + i * i) * (i % 3 == 2 ? 0.01 : 1));
    const std::span<const double> numbers(gradient);
    optimizer.step({{vector, numbers.first(3)}, {matrix, numbers.subspan(3)}});
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
  EXPECT_THAT(names("lamb"), ElementsAre("keras Lamb", "optax lamb", "timm Lamb"));
  EXPECT_THAT(names("lamb:weight_decay=.1"), ElementsAre("optax lamb", "timm Lamb"));
  EXPECT_THAT(names("lamb:weight_decay=.1,decoupled_weight_decay=true"), ElementsAre("keras Lamb", "timm Lamb"));
  EXPECT_THAT(names("lamb:trust_clip=true"), ElementsAre("timm Lamb"));
  EXPECT_THAT(names("lamb:eps_root=1e-3"), ElementsAre("optax lamb"));
  EXPECT_THAT(names("lamb:always_adapt=false,weight_decay=.1"), ElementsAre("optax lamb", "timm Lamb"));
  EXPECT_THAT(names("lars"), ElementsAre("timm Lars"));
  EXPECT_THAT(names("lars:always_adapt=true"), ElementsAre("optax lars", "timm Lars"));
  EXPECT_THAT(names("lars:weight_decay=.1,norm_of_sum=true,momentum=.5"), IsEmpty());
  EXPECT_THAT(names("lars:momentum=.5,nesterov=true,dampening=.5"), IsEmpty());
  EXPECT_THAT(names("adafactor"), ElementsAre("torch Adafactor"));
  EXPECT_THAT(names("adafactor:eps_inside=true"), ElementsAre("keras Adafactor", "timm Adafactor"));
  EXPECT_THAT(names("adafactor:eps_inside=true,lr=.5"), ElementsAre("keras Adafactor"));
  EXPECT_THAT(names("adafactor:eps_inside=true,relative_step=false"), ElementsAre("optax adafactor"));
  EXPECT_THAT(names("adafactor:eps_inside=true,relative_step=false,scale_parameter=false"),
              ElementsAre("optax adafactor", "timm Adafactor"));
}

TEST(Express, WritesArgumentsOfTheConstructors) {
  for (const Expression& expression : express(parse_options("adamw:lr=.5"))) {
    if (expression.name != "AdamW") continue;
    EXPECT_EQ(expression.json,
              R"({"lr": 0.5, "betas": [0.9, 0.999], "eps": 1e-08, "amsgrad": false, "weight_decay": 0.01, )"
              R"("maximize": false})");
  }
  EXPECT_EQ(express(parse_options("lars:nesterov=true")).at(0).json,
            R"({"lr": 1.0, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": false, )"
            R"("trust_coeff": 0.001, "eps": 1e-08, "trust_clip": false, "always_adapt": false})");
  EXPECT_EQ(express(parse_options("adafactor:eps_inside=true,momentum=.5,min_dim_size_to_factor=17")).at(0).json,
            R"({"lr": null, "eps": 1.1920928955078125e-07, "eps_scale": 0.001, "clip_threshold": 1.0, )"
            R"("decay_rate": -0.8, "betas": [0.5, 0.999], "weight_decay": 0.0, "scale_parameter": true, )"
            R"("warmup_init": false, "min_dim_size_to_factor": 16})");
  EXPECT_EQ(express(parse_options("sgd:nesterov=true")).at(0).json,
            R"({"lr": 0.001, "momentum": 0.0, "dampening": 0.0, "nesterov": false, "weight_decay": 0.0, )"
            R"("maximize": false})");
}

}  // namespace
}  // namespace thalweg::tests
