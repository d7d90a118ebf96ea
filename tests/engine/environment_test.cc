// step() gives the same bits whatever floating-point environment the caller has set, and leaves it as it was.
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/optimizer.h>

#include <gtest/gtest.h>

#include <cfenv>
#include <limits>
#include <string>
#include <vector>

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace thalweg::tests {
namespace {

/// A way to set up the calling thread.
struct Environment {
  std::string name;
  int rounding = FE_TONEAREST;
  bool flush = false;  ///< results and operands that are subnormal count as 0
};

std::vector<Environment> environments() {
  std::vector<Environment> all = {{"upward", FE_UPWARD}, {"downward", FE_DOWNWARD}, {"toward zero", FE_TOWARDZERO}};
#ifdef __SSE2__
  all.push_back({"flush to zero", FE_TONEAREST, true});
  all.push_back({"flush to zero, upward", FE_UPWARD, true});
#endif
  return all;
}

/// Sets an environment, and the former one again at the end.
class Scoped {
 public:
  explicit Scoped(const Environment& environment) {
    std::fegetenv(&before_);
    std::fesetround(environment.rounding);
#ifdef __SSE2__
    if (environment.flush) _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
  }
  ~Scoped() { std::fesetenv(&before_); }
  Scoped(const Scoped&) = delete;
  Scoped& operator=(const Scoped&) = delete;

 private:
  std::fenv_t before_;
};

/// What the environment is, without the flags of what has happened in it.
std::pair<int, unsigned> control() {
#ifdef __SSE2__
  return {std::fegetround(), _mm_getcsr() & ~0x3fu};
#else
  return {std::fegetround(), 0};
#endif
}

/// Numbers of which some steps make subnormals.
template <class T>
std::vector<T> numbers_with_subnormals(std::size_t count, std::string_view what, std::uint32_t step) {
  std::vector<T> numbers = random_numbers<T>(count, 4, what, step);
  constexpr T kTiny = std::numeric_limits<T>::min();
  for (std::size_t i = 0; i < count; i += 3) numbers[i] *= kTiny / 4;
  for (std::size_t i = 1; i < count; i += 3) numbers[i] *= std::sqrt(kTiny);
  return numbers;
}

template <class T>
struct Inputs {
  explicit Inputs(std::size_t count) : theta(numbers_with_subnormals<T>(count, "theta", 0)) {
    for (std::uint32_t step = 0; step < 3; ++step) {
      gradients.push_back(numbers_with_subnormals<T>(count, "gradient", step));
    }
  }
  std::vector<T> theta;
  std::vector<std::vector<T>> gradients;
};

/// Everything from construction to the last step happens under the environment.
template <class T>
std::vector<T> run(const Options& options, const Execution& execution, const Inputs<T>& inputs,
                   const Environment& environment) {
  std::vector<T> theta = inputs.theta;
  const Scoped scoped(environment);
  const auto before = control();
  Optimizer optimizer(options, {}, execution);
  const Handle handle = optimizer.add("theta", theta);
  for (const std::vector<T>& gradient : inputs.gradients) {
    optimizer.step({{handle, gradient}});
    EXPECT_EQ(control(), before) << "step() changed the caller's environment";
  }
  return everything<T>(optimizer, handle, theta);
}

template <class T>
void expect_same_bits(const Options& options, const Execution& execution, const Inputs<T>& inputs) {
  const std::vector<T> usual = run<T>(options, execution, inputs, {"default"});
  for (const Environment& environment : environments()) {
    EXPECT_EQ(first_bit_difference<T>(run<T>(options, execution, inputs, environment), usual), "")
        << options.text() << ", " << type_name<T> << ", " << execution.backend << ", " << execution.threads
        << " threads, " << environment.name;
  }
}

TEST(FloatingPointEnvironment, TheseInputsWouldShowADifference) {
  const Inputs<float> inputs(300);
  volatile float x = inputs.gradients[0][3], y = 1.5f;
  const float usual = x * y;
  ASSERT_NE(usual, 0);
  ASSERT_LT(std::abs(usual), std::numeric_limits<float>::min());
#ifdef __SSE2__
  const Scoped scoped({"flush to zero", FE_TONEAREST, true});
  const float flushed = x * y;
  EXPECT_EQ(flushed, 0);
#endif
}

TEST(FloatingPointEnvironment, SameBitsOnTheCallersThread) {
  const Inputs<float> floats(301);
  const Inputs<double> doubles(301);
  for (const Sample& sample : samples()) {
    const Options options = parse_options(sample.options);
    for (const std::string& backend : every_backend()) {
      expect_same_bits<float>(options, {.threads = 1, .backend = backend}, floats);
      expect_same_bits<double>(options, {.threads = 1, .backend = backend}, doubles);
    }
  }
}

TEST(FloatingPointEnvironment, SameBitsInWorkerThreads) {
  const Inputs<float> floats(150'001);
  const Inputs<double> doubles(150'001);
  for (const Sample& sample : samples()) {
    const Options options = parse_options(sample.options);
    expect_same_bits<float>(options, {.threads = 3}, floats);
    expect_same_bits<double>(options, {.threads = 3}, doubles);
  }
}

TEST(FloatingPointEnvironment, AnErrorRestoresItToo) {
  const Scoped scoped({"upward", FE_UPWARD, true});
  const auto before = control();
  std::vector<float> theta(3), gradient(2);
  Optimizer optimizer{SGD{}};
  optimizer.add("theta", theta);
  EXPECT_THROW(optimizer.step({{"theta", gradient}}), Error);
  EXPECT_EQ(control(), before);
}

TEST(FloatingPointEnvironment, RowsAndChecksToo) {
  // Sums of rows named twice, and the sum of squares of the guard, are made under the environment as well.
  const std::vector<std::int64_t> rows = {1, 1, 1, 0};
  const std::vector<float> values = {1, 1e-8f, -1e-9f, 1e30f};
  for (const Environment& environment : environments()) {
    std::vector<float> theta = {1, 1}, expected = {1, 1};
    const auto step = [&](std::vector<float>& into) {
      Optimizer optimizer(SGD{.lr = 1}, {.check = Check::guard});
      optimizer.add("theta", into);
      optimizer.step({{"theta", Rows<float>{rows, values}}});
    };
    step(expected);
    {
      const Scoped scoped(environment);
      step(theta);
    }
    EXPECT_EQ(first_bit_difference<float>(theta, expected), "") << environment.name;
  }
}

}  // namespace
}  // namespace thalweg::tests
