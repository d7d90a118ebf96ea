// A step: gradients dense and as rows, step numbers, changing options, and errors that change nothing.
#include "engine/numbers.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/nadam.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two parameters with some state, and a step that must fail without changing anything.
class StepError : public ::testing::Test {
 protected:
  StepError() {
    optimizer_.add("a", a_);
    optimizer_.add("b", b_);
    optimizer_.step({{"a", ga_}, {"b", gb_}});
  }

  std::string error_of_step(std::initializer_list<Gradient> gradients) {
    const std::vector<float> a = a_;
    const std::vector<double> b = b_;
    const auto state = safetensors::to_bytes(optimizer_.state());
    std::string error = error_of([&] { optimizer_.step(gradients); });
    EXPECT_EQ(a_, a);
    EXPECT_EQ(b_, b);
    EXPECT_EQ(safetensors::to_bytes(optimizer_.state()), state);
    optimizer_.step({{"a", ga_}, {"b", gb_}});  // and the next one is as if nothing had been
    EXPECT_EQ(optimizer_.step_number(optimizer_.find("a")), steps_ += 1);
    return error;
  }

  std::vector<float> a_ = {1, 2, 3, 4, 5, 6}, ga_ = {1, 1, 1, 1, 1, 1};
  std::vector<double> b_ = {1, 2}, gb_ = {1, 1};
  Optimizer optimizer_{RMSprop{.momentum = 0.5}, {.check = Check::guard}};
  std::int64_t steps_ = 1;
};

TEST_F(StepError, UnknownParameter) {
  EXPECT_THAT(error_of_step({{"a", ga_}, {"c", gb_}}), HasSubstr("\"c\""));
  EXPECT_THAT(error_of_step({{"a", ga_}, {Handle{9}, gb_}}), HasSubstr("9"));
}

TEST_F(StepError, TwoGradientsForOne) {
  EXPECT_THAT(error_of_step({{"a", ga_}, {optimizer_.find("a"), ga_}}), AllOf(HasSubstr("two"), HasSubstr("\"a\"")));
}

TEST_F(StepError, OtherTypeOrLength) {
  EXPECT_THAT(error_of_step({{"b", gb_}, {"a", gb_}}), AllOf(HasSubstr("\"a\""), HasSubstr("f64"), HasSubstr("f32")));
  const std::vector<float> five(5);
  EXPECT_THAT(error_of_step({{"b", gb_}, {"a", five}}), AllOf(HasSubstr("\"a\""), HasSubstr("5"), HasSubstr("6")));
}

TEST_F(StepError, MemoryOfAParameter) {
  EXPECT_THAT(error_of_step({{"b", gb_}, {"a", a_}}), HasSubstr("\"a\""));
  EXPECT_THAT(error_of_step({{"a", ga_}, {"b", b_}}), HasSubstr("\"b\""));
  const std::int64_t row = 0;
  EXPECT_THAT(error_of_step({{"a", Rows<float>{{&row, 1}, std::span(a_).first(2)}}}), HasSubstr("\"a\""));
}

TEST_F(StepError, AGradientThatBecameAParameter) {
  std::vector<float> memory = {1, 1, 1, 1, 1, 1};
  optimizer_.step({{"a", memory}});  // fine so far
  optimizer_.add("c", std::span(memory).subspan(2, 1));
  steps_ = 2;
  EXPECT_THAT(error_of_step({{"a", memory}}), HasSubstr("\"c\""));
}

TEST_F(StepError, Rows) {
  const std::vector<float> four = {1, 1, 1, 1};
  const auto rows = [&](std::vector<std::int64_t> indices, std::span<const float> values) {
    return error_of_step({{"b", gb_}, {"a", Rows<float>{indices, values}}});
  };
  EXPECT_THAT(rows({0, 3}, four), AllOf(HasSubstr("\"a\""), HasSubstr("row 3"), HasSubstr("2")));
  EXPECT_THAT(rows({0, -1}, four), AllOf(HasSubstr("\"a\""), HasSubstr("row -1")));
  EXPECT_THAT(rows({0, std::numeric_limits<std::int64_t>::max()}, four), HasSubstr("9223372036854775807"));
  EXPECT_THAT(rows({0, 1, 2}, four), AllOf(HasSubstr("\"a\""), HasSubstr("4"), HasSubstr("3")));
  EXPECT_THAT(rows({0}, four), AllOf(HasSubstr("\"a\""), HasSubstr("4"), HasSubstr("6")));
  EXPECT_THAT(rows({}, four), HasSubstr("\"a\""));
  EXPECT_THAT(rows({0}, {}), HasSubstr("\"a\""));
  const std::vector<double> two = {1, 1};
  const std::vector<std::int64_t> first = {0};
  EXPECT_THAT(error_of_step({{"a", thalweg::Rows<double>{first, two}}}), AllOf(HasSubstr("f64"), HasSubstr("f32")));
}

TEST(Step, LargeGradientsAreFinite) {
  // Their squares overflow, which is no reason to refuse them under a rule that keeps no squares.
  std::vector<float> a(5000), ga(5000, 1e30f);
  std::vector<double> b(5), gb(5, 1e300);
  Optimizer optimizer{SGD{.lr = 0}, {.check = Check::guard}};
  optimizer.add("a", a);
  optimizer.add("b", b);
  EXPECT_TRUE(optimizer.step({{"a", ga}, {"b", gb}}).applied());
  ga[4321] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(optimizer.step({{"a", ga}, {"b", gb}}).refused, HasSubstr("4321"));
}

TEST(Step, WithoutTheGuardNonFiniteGoesThrough) {
  std::vector<float> a = {1, 1}, gradient = {std::numeric_limits<float>::quiet_NaN(), 1};
  Optimizer optimizer{SGD{.lr = 1}};
  optimizer.add("a", a);
  optimizer.step({{"a", gradient}});
  EXPECT_TRUE(std::isnan(a[0]));
  EXPECT_EQ(a[1], 0);
}

TEST(Step, RowsEqualTheDenseGradient) {
  for (const Options& options : {Options(SGD{.lr = 0.5, .momentum = 0.5}), Options(RMSprop{.momentum = 0.5}),
                                 Options(Adam{.weight_decay = 0.5}), Options(Nadam{})}) {
    std::vector<float> dense = {1, 2, 3, 4, 5, 6}, sparse = dense;
    Optimizer a(options), b(options);
    a.add("table", dense);
    b.add("table", sparse);
    const std::vector<std::int64_t> indices = {2, 0, 2};
    const std::vector<float> values = {1, 2, 8, 16, 32, 64};
    const std::vector<float> same = {8, 16, 0, 0, 33, 66};
    for (int step = 0; step < 3; ++step) {
      a.step({{"table", same}});
      b.step({{"table", Rows<float>{indices, values}}});
      EXPECT_EQ(dense, sparse) << options.text();
    }
    a.step({{"table", std::vector<float>(6)}});
    b.step({{"table", Rows<float>{}}});
    EXPECT_EQ(dense, sparse) << options.text() << ", no rows";
    EXPECT_EQ(b.step_number(b.find("table")), 4);
  }
}

TEST(Step, NumbersCountPerParameterOrForAll) {
  const std::vector<double> gradient = {1};
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    const bool shared = count == StepCount::shared;
    std::vector<double> a = {0}, b = {0}, c = {0};
    Optimizer optimizer(Adam{.lr = 1, .beta1 = 0.5, .beta2 = 0.75, .eps = 0}, {.step_count = count});
    const Handle ha = optimizer.add("a", a), hb = optimizer.add("b", b);
    optimizer.step({{ha, gradient}});
    optimizer.step({});
    optimizer.step({{ha, gradient}, {hb, gradient}});
    EXPECT_EQ(optimizer.step_number(ha), shared ? 3 : 2);
    EXPECT_EQ(optimizer.step_number(hb), shared ? 3 : 1);
    // b's first step: m = ½, v = ¼, over 1 − ½ᵗ and 1 − ¾ᵗ.
    const double t = shared ? 3 : 1;
    const double expected = -(0.5 / (1 - std::pow(0.5, t))) / std::sqrt(0.25 / (1 - std::pow(0.75, t)));
    EXPECT_NEAR(b[0], expected, 1e-14);
    const Handle hc = optimizer.add("c", c);
    EXPECT_EQ(optimizer.step_number(hc), shared ? 3 : 0);
  }
}

TEST(Step, AParameterWithoutAGradientStandsStill) {
  std::vector<float> a = {1}, b = {1}, gradient = {1};
  Optimizer optimizer{RMSprop{.momentum = 0.9, .weight_decay = 0.5}};
  const Handle ha = optimizer.add("a", a), hb = optimizer.add("b", b);
  optimizer.step({{ha, gradient}, {hb, gradient}});
  const std::vector<float> before = everything<float>(optimizer, hb, b);
  optimizer.step({{ha, gradient}});
  EXPECT_EQ(everything<float>(optimizer, hb, b), before);
}

TEST(Step, OptionsMayChangeAtAnyTime) {
  std::vector<double> a = {0}, gradient = {1};
  Optimizer optimizer{SGD{.lr = 1}};
  const Handle handle = optimizer.add("a", a);
  optimizer.step({{handle, gradient}});
  EXPECT_THAT(optimizer.column<double>(handle, "b"), IsEmpty());
  optimizer.set("momentum", 0.5);  // its column begins at 0
  optimizer.step({{handle, gradient}});
  EXPECT_THAT(optimizer.column<double>(handle, "b"), ElementsAre(1));
  optimizer.step({{handle, gradient}});
  EXPECT_THAT(optimizer.column<double>(handle, "b"), ElementsAre(1.5));
  optimizer.set("lr", 0.25);
  optimizer.step({{handle, gradient}});
  EXPECT_EQ(a[0], -1 - 1 - 1.5 - 0.25 * 1.75);
  EXPECT_EQ(optimizer.step_number(handle), 4);
}

}  // namespace
}  // namespace thalweg::tests
