// Columns of state: reading, writing, first values, bytes.
#include "error_of.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Columns, CanBeReadAndWritten) {
  std::vector<double> a = {0, 0}, gradient = {0, 0};
  Optimizer optimizer{SGD{.lr = 1, .momentum = 0.5}};
  const Handle handle = optimizer.add("a", a);
  optimizer.step({{handle, gradient}});
  const std::span<double> b = optimizer.column<double>(handle, "b");
  ASSERT_EQ(b.size(), 2u);
  b[1] = 8;
  optimizer.step({{handle, gradient}});
  EXPECT_THAT(a, ElementsAre(0, -4));
}

TEST(Columns, Errors) {
  std::vector<double> a = {0};
  Optimizer optimizer{RMSprop{}};
  const Handle handle = optimizer.add("a", a);
  EXPECT_THAT(error_of([&] { (void)optimizer.column<double>(handle, "w"); }),
              AllOf(HasSubstr("\"w\""), HasSubstr("rmsprop"), HasSubstr("v")));
  EXPECT_THAT(error_of([&] { (void)optimizer.column<float>(handle, "v"); }), AllOf(HasSubstr("f64"), HasSubstr("f32")));
  EXPECT_THAT(optimizer.column<double>(handle, "m"), IsEmpty());
}

TEST(Columns, Bytes) {
  std::vector<float> a(10), ga(10);
  std::vector<double> b(10), gb(10);
  Optimizer optimizer{RMSprop{.momentum = 0.5, .centered = true}};
  optimizer.add("a", a);
  const Handle hb = optimizer.add("b", b);
  optimizer.step({{"a", ga}, {"b", gb}});
  EXPECT_EQ(optimizer.state_bytes(), 3 * 10 * (sizeof(float) + sizeof(double)));
  optimizer.remove(hb);
  EXPECT_EQ(optimizer.state_bytes(), 3 * 10 * sizeof(float));
}

TEST(Columns, FirstValuesAreTheOptions) {
  std::vector<double> a = {0}, gradient = {0};
  Optimizer optimizer{RMSprop{.alpha = 0.5, .initial_accumulator_value = 3}};
  const Handle handle = optimizer.add("a", a);
  optimizer.step({{handle, gradient}});
  EXPECT_THAT(optimizer.column<double>(handle, "v"), ElementsAre(1.5));
}

}  // namespace
}  // namespace thalweg::tests
