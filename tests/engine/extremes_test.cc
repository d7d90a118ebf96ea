// Numbers at the edge of a type's range and beyond: NaN, infinities, squares that overflow, differences of equals.
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
class Extremes : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Extremes, Types);

TYPED_TEST(Extremes, NonFiniteGoesThroughAsIEEESays) {
  // Only the element whose gradient is not finite is lost, and it is lost for good, on every instruction set.
  using T = TypeParam;
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  const T bad_values[] = {std::numeric_limits<T>::quiet_NaN(), kInfinity, -kInfinity};
  Series<T> gradients = run_gradients<T>();
  for (std::size_t i = 0; i < kRunElements; i += 7) gradients[1][i] = bad_values[i / 7 % 3];
  for (const Sample& sample : samples()) {
    if (!rule(sample.rule()).sums.empty()) continue;  // what one element is, all others feel
    for (const Options& options : pairwise_option_sets(sample)) {
      const std::vector<T> clean = run<T>(options, run_start<T>(), run_gradients<T>()).theta;
      oracle::Parameter model;
      model.theta = to_double<T>(run_start<T>());
      for (std::uint32_t step = 0; step < kRunSteps; ++step) {
        sample.oracle(options, model, {step + 1, to_double<T>(gradients[step]), std::numeric_limits<T>::min()});
      }
      for (const std::string& backend : every_backend()) {
        SCOPED_TRACE(options.text() + ", " + type_name<T> + ", " + backend);
        const std::vector<T> theta = run<T>(options, run_start<T>(), gradients, backend).theta;
        for (std::size_t i = 0; i < kRunElements; ++i) {
          if (i % 7 == 0) {
            ASSERT_EQ(std::isnan(theta[i]), std::isnan(model.theta[i]))
                << i << ": " << theta[i] << ", " << model.theta[i];
            ASSERT_EQ(std::isinf(theta[i]), std::isinf(model.theta[i]))
                << i << ": " << theta[i] << ", " << model.theta[i];
            ASSERT_FALSE(std::isfinite(theta[i]) && i / 7 % 3 == 0) << i << ": a NaN was swallowed";
          } else if (backend != "reference") {
            ASSERT_EQ(theta[i], clean[i]) << i << ": the neighbour of a bad element changed";
          }
        }
      }
    }
  }
}

TYPED_TEST(Extremes, NonFiniteInSums) {
  // LAMB and LARS take a ratio of 1 where a norm is no number, so that the other elements go on; Adafactor's roots of
  // mean squares hand the NaN on to all. As the oracle says, element by element.
  using T = TypeParam;
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  for (const T bad : {std::numeric_limits<T>::quiet_NaN(), kInfinity, -kInfinity}) {
    Series<T> gradients = run_gradients<T>();
    gradients[1][5] = bad;
    for (const Sample& sample : samples()) {
      if (rule(sample.rule()).sums.empty()) continue;
      for (const Options& options : pairwise_option_sets(sample)) {
        oracle::Parameter model;
        model.theta = to_double<T>(run_start<T>());
        for (std::uint32_t step = 0; step < kRunSteps; ++step) {
          sample.oracle(options, model, {step + 1, to_double<T>(gradients[step]), std::numeric_limits<T>::min()});
        }
        for (const std::string& backend : every_backend()) {
          SCOPED_TRACE(options.text() + ", " + type_name<T> + ", " + backend);
          std::vector<T> theta = run<T>(options, run_start<T>(), gradients, backend).theta;
          EXPECT_FALSE(std::isfinite(theta[5]) && std::isnan(bad)) << "a NaN was swallowed";
          EXPECT_EQ(std::isfinite(theta[5]), std::isfinite(model.theta[5]));
          theta[5] = 0;  // without decay 0 · θ is in the oracle's sum, and makes a NaN of an infinity
          std::vector<double> expected = model.theta;
          expected[5] = 0;
          EXPECT_EQ(first_difference<T>(theta, expected, tolerance<T>), "");
          EXPECT_TRUE(std::isfinite(theta[6]) || sample.rule() == "adafactor");
          if (testing::Test::HasFailure()) return;
        }
      }
    }
  }
}

TYPED_TEST(Extremes, AnElementWhoseSquareOverflowsComesToRest) {
  // Where g² is out of range (|g| > 1.8·10¹⁹ in f32), so is v, which is ∞ from then on. Then steps are g / ∞ = 0: the
  // element coasts to a stop and never moves again, and never becomes NaN, centered or not. Its neighbours go on.
  using T = TypeParam;
  constexpr std::size_t kElements = 19;
  const auto is_hit = [](std::size_t i) { return i % 3 == 1; };
  const T huge = std::sqrt(std::numeric_limits<T>::max()) * 64;
  for (const Sample& sample : samples()) {
    if (!rule(sample.rule()).sums.empty()) continue;
    for (Options options : pairwise_option_sets(sample)) {
      if (options.has("weight_decay")) options.set("weight_decay", 0);
      std::string second_moment;
      for (const ColumnInfo& column : options.rule().columns) {
        if (column.kind == ColumnKind::second_moment && second_moment.empty()) second_moment = column.name;
      }
      for (const std::string& backend : every_backend()) {
        SCOPED_TRACE(options.text() + ", " + type_name<T> + ", " + backend);
        std::vector<T> theta(run_start<T>().begin(), run_start<T>().begin() + kElements), untouched = theta;
        Optimizer optimizer(options, {}, {.threads = 1, .backend = backend});
        Optimizer other(options, {}, {.threads = 1, .backend = backend});
        const Handle handle = optimizer.add("theta", theta), other_handle = other.add("theta", untouched);
        std::vector<T> before;
        constexpr std::uint32_t kRounds = 50;  // momentum is gone by then
        for (std::uint32_t step = 0; step < kRounds * kRunSteps; ++step) {
          const std::vector<T>& gradient = run_gradients<T>()[step % kRunSteps];
          std::vector<T> g(gradient.begin(), gradient.begin() + kElements);
          other.step({{other_handle, g}});
          for (std::size_t i = 0; i < kElements; ++i) {
            if (step == 2 && is_hit(i)) g[i] = i % 2 == 0 ? huge : -huge;
          }
          before = theta;
          optimizer.step({{handle, g}});
        }
        for (std::size_t i = 0; i < kElements; ++i) {
          ASSERT_TRUE(std::isfinite(theta[i])) << i;
          if (!is_hit(i)) {
            ASSERT_EQ(theta[i], untouched[i]) << i << ": the neighbour of a hit element changed";
          } else if (!second_moment.empty()) {
            ASSERT_TRUE(std::isinf(optimizer.column<T>(handle, second_moment)[i])) << i;
            ASSERT_EQ(theta[i], before[i]) << i << ": moves on";
          }
        }
      }
    }
  }
}

TYPED_TEST(Extremes, CenteredRMSpropSurvivesConstantGradients) {
  // v − m² is then nothing but rounding, and often negative without the clamp: NaN from about step 130 in PyTorch.
  using T = TypeParam;
  for (const bool bias_correction : {false, true}) {
    const Options options = RMSprop{.lr = 1e-3, .alpha = 0.9, .centered = true, .bias_correction = bias_correction};
    const Series<T> constant(500, run_gradients<T>()[0]);
    for (const T x : run<T>(options, run_start<T>(), constant).theta) ASSERT_TRUE(std::isfinite(x));
  }
}

}  // namespace
}  // namespace thalweg::tests
