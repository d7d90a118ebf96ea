// Parameters whose gradients are 0 for long: their state becomes 0, and is never subnormal on the way.
#include "engine/samples.h"
#include "engine/short_run.h"

#include <thalweg/optimizer.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

template <class T>
class Idle : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Idle, Types);

template <class T>
bool is_zero_or_normal(T x) {
  return x == 0 || std::isnormal(x);
}

/// Does the column tend to 0 while gradients are 0?
bool decays(const Options& options, const ColumnInfo& column) {
  if (column.kind == ColumnKind::parameter_like) return false;
  if (options.rule().name == "adagrad") return false;  // a sum
  // AMSGrad's maximum stays; AdaMax's decays to the ε that is in it.
  if (column.kind == ColumnKind::maximum) return options.has("eps_beside") && options.get("eps_beside") != 0;
  return true;
}

/// Takes ordinary steps, then idle ones until all state is 0 that will be, and one more, which moves nothing.
template <class T>
void become_idle(Options options, const std::string& backend) {
  SCOPED_TRACE(options.text() + ", " + type_name<T> + ", " + backend);
  constexpr std::size_t kElements = 19;
  if (options.has("weight_decay")) options.set("weight_decay", 0);
  std::vector<T> theta(run_start<T>().begin(), run_start<T>().begin() + kElements);
  Optimizer optimizer(options, {}, {.threads = 1, .backend = backend});
  const Handle handle = optimizer.add("theta", theta);
  for (const std::vector<T>& gradient : run_gradients<T>()) {
    optimizer.step({{handle, std::span(gradient).first(kElements)}});
  }
  std::vector<std::span<T>> decaying, others;
  for (const ColumnInfo& column : options.rule().columns) {
    (decays(options, column) ? decaying : others).push_back(optimizer.column<T>(handle, column.name));
  }
  const std::vector<T> zero(kElements);
  const std::vector<Gradient> gradients{{handle, zero}};
  const auto is_rest = [](std::span<T> column) { return std::ranges::count(column, T{0}) == std::ssize(column); };
  int steps = 0;
  for (; !std::ranges::all_of(decaying, is_rest); ++steps) {
    ASSERT_LT(steps, 20'000) << "the state never becomes 0";
    optimizer.step(gradients);
    for (const std::span<T> column : decaying) ASSERT_TRUE(std::ranges::all_of(column, is_zero_or_normal<T>)) << steps;
  }
  for (const std::span<T> column : others) ASSERT_TRUE(std::ranges::all_of(column, is_zero_or_normal<T>));
  for (const T x : theta) ASSERT_TRUE(std::isfinite(x));
  const std::vector<T> before = theta;
  optimizer.step(gradients);
  EXPECT_EQ(first_bit_difference<T>(theta, before), "");
}

TYPED_TEST(Idle, StateBecomesZeroAndIsNeverSubnormal) {
  for (const Sample& sample : samples()) {
    if (sample.rule() == "adafactor") continue;  // its averages fall as a power of t, not by a factor a step
    for (const std::string& backend : every_backend()) become_idle<TypeParam>(parse_options(sample.options), backend);
  }
}

TYPED_TEST(Idle, WithAllOptions) {
  for (const Sample& sample : samples()) {
    if (sample.rule() == "adafactor") continue;
    for (const Options& options : pairwise_option_sets(sample)) become_idle<TypeParam>(options, "auto");
  }
}

TYPED_TEST(Idle, TheSmallestNormalNumberIsKept) {
  // With μ = ½ momentum is halved by every step, exactly, and its sign matters as little as its place in the vector.
  using T = TypeParam;
  constexpr T kSmallest = std::numeric_limits<T>::min();
  for (const std::string& backend : every_backend()) {
    std::vector<T> theta(19), gradient(19), expected(19);
    for (std::size_t i = 0; i < theta.size(); ++i) expected[i] = gradient[i] = (i % 2 == 0 ? 4 : -4) * kSmallest;
    Optimizer optimizer(SGD{.lr = 1, .momentum = 0.5}, {}, {.backend = backend});
    const Handle handle = optimizer.add("theta", theta);
    for (int step = 0; step < 5; ++step) {
      optimizer.step({{handle, gradient}});
      EXPECT_EQ(first_bit_difference<T>(optimizer.column<T>(handle, "b"), expected), "")
          << backend << ", step " << step;
      std::ranges::fill(gradient, T{0});
      for (T& b : expected) b = std::abs(b) > kSmallest ? b / 2 : T{0};
    }
  }
}

TYPED_TEST(Idle, TheSmallestNormalSecondMomentIsKept) {
  // v = (1 − α) g² with α = ½: the smallest normal number stays, a quarter of it becomes 0.
  using T = TypeParam;
  constexpr T kSmallest = std::numeric_limits<T>::min();
  const T root = std::sqrt(kSmallest);
  ASSERT_EQ(root * root, kSmallest);
  for (const std::string& backend : every_backend()) {
    std::vector<T> theta(4);
    Optimizer optimizer(RMSprop{.lr = 1, .alpha = 0.5}, {}, {.backend = backend});
    const Handle handle = optimizer.add("theta", theta);
    optimizer.step({{handle, std::vector<T>{4 * root, -2 * root, root, root / 2}}});
    const std::vector<T> expected = {8 * kSmallest, 2 * kSmallest, 0, 0};
    EXPECT_EQ(first_bit_difference<T>(optimizer.column<T>(handle, "v"), expected), "") << backend;
    // v is halved: 4 and 1 times the smallest.
    optimizer.step({{handle, std::vector<T>(4)}});
    const std::vector<T> halved = {4 * kSmallest, kSmallest, 0, 0};
    EXPECT_EQ(first_bit_difference<T>(optimizer.column<T>(handle, "v"), halved), "") << backend;
    optimizer.step({{handle, std::vector<T>(4)}});
    const std::vector<T> quartered = {2 * kSmallest, 0, 0, 0};
    EXPECT_EQ(first_bit_difference<T>(optimizer.column<T>(handle, "v"), quartered), "") << backend;
  }
}

}  // namespace
}  // namespace thalweg::tests
