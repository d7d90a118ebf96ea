// What must hold for every correct rule, whatever its numbers are: no oracle, only the engine against itself.
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

constexpr std::uint64_t kSeed = 5;
constexpr std::size_t kCount = 1000;
constexpr std::uint32_t kSteps = 5;

/// Parameters after some steps whose gradients `gradient(step)` gives.
template <class T>
std::vector<T> train(const Options& options, std::vector<T> theta,
                     const std::function<std::vector<T>(std::uint32_t)>& gradient) {
  Optimizer optimizer(options, {.threads = 1});
  const Handle handle = optimizer.add("theta", theta);
  for (std::uint32_t step = 0; step < kSteps; ++step) optimizer.step({{handle, gradient(step)}});
  return theta;
}

template <class T>
std::vector<T> start() {
  return random_numbers<T>(kCount, kSeed, "theta");
}

/// No zeros among them.
template <class T>
std::vector<T> gradient(std::uint32_t step) {
  std::vector<T> result = random_numbers<T>(kCount, kSeed, "gradient", step);
  for (T& x : result) x = x == 0 ? T{1} : x;
  return result;
}

template <class T>
std::vector<T> scaled(std::vector<T> numbers, T factor) {
  for (T& x : numbers) x *= factor;
  return numbers;
}

template <class T>
class Invariances : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Invariances, Types);

TYPED_TEST(Invariances, AdaptiveRulesDoNotSeeTheGradientsScale) {
  // With ε = 0 and no decay g and 2ᵏ g give the same steps, bit for bit: powers of two round nothing.
  using T = TypeParam;
  for (const Options& options :
       {Options(RMSprop{.lr = 0.02, .alpha = 0.85, .eps = 0}),
        Options(RMSprop{.lr = 0.02, .alpha = 0.85, .eps = 0, .momentum = 0.7, .centered = true, .nesterov = true}),
        Options(RMSprop{
            .lr = 0.02, .alpha = 0.85, .eps = 0, .eps_inside = true, .lr_in_momentum = true, .bias_correction = true}),
        Options(Adam{.lr = 0.02, .beta1 = 0.8, .beta2 = 0.95, .eps = 0}),
        Options(AMSGrad{.lr = 0.02, .beta1 = 0.8, .beta2 = 0.95, .eps = 0}),
        Options(Nadam{.lr = 0.02, .beta1 = 0.8, .beta2 = 0.95, .eps = 0})}) {
    const std::vector<T> plain = train<T>(options, start<T>(), gradient<T>);
    for (const T factor : {T(0x1p-20), T(0x1p-3), T(0x1p25)}) {
      const std::vector<T> other =
          train<T>(options, start<T>(), [&](std::uint32_t step) { return scaled(gradient<T>(step), factor); });
      EXPECT_EQ(first_bit_difference<T>(plain, other), "") << options.text() << ", factor " << factor;
    }
  }
}

TYPED_TEST(Invariances, EverythingIsOddInTheGradient) {
  // Mirrored parameters and gradients give mirrored results; `maximize` mirrors the gradient alone.
  using T = TypeParam;
  for (const Sample& sample : samples()) {
    for (Options options : pairwise_option_sets(sample)) {
      const std::vector<T> plain = train<T>(options, start<T>(), gradient<T>);
      const auto mirrored_gradient = [](std::uint32_t step) { return scaled<T>(gradient<T>(step), -1); };
      const std::vector<T> mirrored = train<T>(options, scaled<T>(start<T>(), -1), mirrored_gradient);
      EXPECT_EQ(first_difference<T>(scaled<T>(mirrored, -1), to_double<T>(plain), 0), "") << options.text();
      if (!options.has("maximize")) continue;
      options.set("maximize", 1 - options.get("maximize"));
      const std::vector<T> turned = train<T>(options, start<T>(), mirrored_gradient);
      EXPECT_EQ(first_difference<T>(turned, to_double<T>(plain), 0), "") << options.text();
    }
  }
}

TYPED_TEST(Invariances, ElementsDoNotSeeEachOther) {
  // Reversed, or cut into parameters at an odd place, every element goes the same way.
  using T = TypeParam;
  constexpr std::size_t kCut = 333;
  for (const Sample& sample : samples()) {
    const Options options = parse_options(sample.options);
    const std::vector<T> plain = train<T>(options, start<T>(), gradient<T>);
    const auto reversed = [](std::vector<T> numbers) {
      std::ranges::reverse(numbers);
      return numbers;
    };
    const std::vector<T> other =
        train<T>(options, reversed(start<T>()), [&](std::uint32_t step) { return reversed(gradient<T>(step)); });
    EXPECT_EQ(first_bit_difference<T>(reversed(other), plain), "") << options.text();

    std::vector<T> both = start<T>();
    Optimizer optimizer(options);
    optimizer.add("left", std::span(both).first(kCut));
    optimizer.add("right", std::span(both).subspan(kCut));
    for (std::uint32_t step = 0; step < kSteps; ++step) {
      const std::vector<T> g = gradient<T>(step);
      optimizer.step({{"right", std::span(g).subspan(kCut)}, {"left", std::span(g).first(kCut)}});
    }
    EXPECT_EQ(first_bit_difference<T>(both, plain), "") << options.text() << ", in two parts";
  }
}

TYPED_TEST(Invariances, WithoutALearningRateParametersStandStill) {
  using T = TypeParam;
  for (const Sample& sample : samples()) {
    Options options = parse_options(sample.options);
    if (options.rule().name == "rprop") continue;  // its lr is only the first of its step sizes
    options.set("lr", 0);
    EXPECT_EQ(first_difference<T>(train<T>(options, start<T>(), gradient<T>), to_double<T>(start<T>()), 0), "")
        << options.text();
  }
}

TYPED_TEST(Invariances, WithoutAGradientSecondMomentsBecomeZeroAndNeverSubnormal) {
  using T = TypeParam;
  std::vector<std::string> backends = cpu_targets();
  backends.push_back("reference");
  for (const std::string& backend : backends) {
    for (const Sample& sample : samples()) {
      Options options = parse_options(sample.options);
      std::string column;
      for (const ColumnInfo& info : options.rule().columns) {
        if (info.kind == ColumnKind::second_moment) column = info.name;
      }
      if (column.empty() || options.rule().name == "adagrad") continue;  // Adagrad's is a sum, which stays
      options.set("weight_decay", 0);
      std::vector<T> theta = start<T>(), first = gradient<T>(0);
      theta.resize(50);
      first.resize(50);
      Optimizer optimizer(options, {.threads = 1, .backend = backend});
      const Handle handle = optimizer.add("theta", theta);
      optimizer.step({{handle, first}});
      const std::vector<T> zero(theta.size());
      int steps = 0;
      for (bool all_zero = false; !all_zero; ++steps) {
        ASSERT_LT(steps, 20'000) << options.text() << ", " << backend << ": v never becomes 0";
        optimizer.step({{handle, zero}});
        all_zero = true;
        for (const T v : optimizer.column<T>(handle, column)) {
          ASSERT_TRUE(v == 0 || std::isnormal(v)) << options.text() << ", " << backend << ", step " << steps;
          all_zero = all_zero && v == 0;
        }
      }
      EXPECT_GT(steps, 100) << "not the decay that made it 0";
      for (const T x : theta) ASSERT_TRUE(std::isfinite(x)) << options.text();
    }
  }
}

TYPED_TEST(Invariances, TheSmallestNormalSecondMomentIsKept) {
  // v = (1 − α) g² with α = ½: the smallest normal number stays, half of it becomes 0.
  using T = TypeParam;
  constexpr T kSmallest = std::numeric_limits<T>::min();
  std::vector<std::string> backends = cpu_targets();
  backends.push_back("reference");
  for (const std::string& backend : backends) {
    std::vector<T> theta(4);
    // g = √(2 · smallest) is exact if its exponent is even: ½ · g² = smallest.
    const T root = std::sqrt(kSmallest * 2);
    const T exact = root * root == kSmallest * 2 ? root : std::sqrt(kSmallest);
    const T decay_free = exact * exact / 2;
    Optimizer optimizer(RMSprop{.lr = 1, .alpha = 0.5}, {.backend = backend});
    const Handle handle = optimizer.add("theta", theta);
    optimizer.step({{handle, std::vector<T>{2 * exact, exact, exact / 2, exact / 4}}});
    std::vector<T> expected;
    for (const T v : {4 * decay_free, decay_free, decay_free / 4, decay_free / 16}) {
      expected.push_back(v < kSmallest ? T{0} : v);
    }
    const std::span<T> v = optimizer.column<T>(handle, "v");
    EXPECT_THAT(std::vector<T>(v.begin(), v.end()), ::testing::ElementsAreArray(expected)) << backend;
    EXPECT_EQ(expected[3], 0);
    EXPECT_GT(expected[0], 0);
  }
}

TYPED_TEST(Invariances, NonFiniteGoesThroughAsIEEESays) {
  // Only the element whose gradient is not finite is lost, and it is lost for good, on every instruction set.
  using T = TypeParam;
  const T bad_values[] = {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(),
                          -std::numeric_limits<T>::infinity()};
  std::vector<std::string> backends = cpu_targets();
  backends.push_back("reference");
  for (const Sample& sample : samples()) {
    for (const Options& options : pairwise_option_sets(sample)) {
      const std::vector<T> clean = train<T>(options, start<T>(), gradient<T>);
      for (const std::string& backend : backends) {
        SCOPED_TRACE(options.text() + ", " + type_name<T> + ", " + backend);
        std::vector<T> theta = start<T>();
        oracle::Parameter model;
        model.theta = to_double<T>(theta);
        Optimizer optimizer(options, {.threads = 1, .backend = backend});
        const Handle handle = optimizer.add("theta", theta);
        for (std::uint32_t step = 0; step < kSteps; ++step) {
          std::vector<T> g = gradient<T>(step);
          if (step == 1) {
            for (std::size_t i = 0; i < kCount; i += 7) g[i] = bad_values[i / 7 % 3];
          }
          optimizer.step({{handle, g}});
          sample.oracle(options, model, {step + 1, to_double<T>(g), std::numeric_limits<T>::min()});
        }
        for (std::size_t i = 0; i < kCount; ++i) {
          if (i % 7 == 0) {
            ASSERT_EQ(std::isnan(theta[i]), std::isnan(model.theta[i]))
                << i << ": " << theta[i] << ", " << model.theta[i];
            ASSERT_EQ(std::isinf(theta[i]), std::isinf(model.theta[i]))
                << i << ": " << theta[i] << ", " << model.theta[i];
            ASSERT_FALSE(std::isfinite(theta[i]) && i / 7 % 3 == 0) << i << ": a NaN was swallowed";
          } else if (!options.rule().columns.empty() && backend != "reference") {
            ASSERT_EQ(theta[i], clean[i]) << i << ": the neighbour of a bad element changed";
          }
        }
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

TYPED_TEST(Invariances, CenteredRMSpropSurvivesConstantGradients) {
  // v − m² is then nothing but rounding, and often negative without the clamp: NaN from about step 130 in PyTorch.
  using T = TypeParam;
  for (const bool bias_correction : {false, true}) {
    const Options options = RMSprop{.lr = 1e-3, .alpha = 0.9, .centered = true, .bias_correction = bias_correction};
    std::vector<T> theta = start<T>();
    const std::vector<T> constant = gradient<T>(0);
    Optimizer optimizer(options);
    optimizer.add("theta", theta);
    for (int step = 0; step < 500; ++step) optimizer.step({{"theta", constant}});
    for (const T x : theta) ASSERT_TRUE(std::isfinite(x));
  }
}

}  // namespace
}  // namespace thalweg::tests
