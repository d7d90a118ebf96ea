// Rules for which a parameter is more than its elements: what follows from the norm of the whole, and from its shape.
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/optimizer.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::tests {
namespace {

constexpr int kSteps = 5;
constexpr std::uint64_t kSeed = 23;
using Numbers = std::vector<double>;

double norm(std::span<const double> x) {
  double sum = 0;
  for (const double each : x) sum += each * each;
  return std::sqrt(sum);
}

Numbers difference(const Numbers& a, const Numbers& b) {
  Numbers result;
  for (std::size_t i = 0; i < a.size(); ++i) result.push_back(a[i] - b[i]);
  return result;
}

Numbers times(double factor, Numbers x) {
  for (double& each : x) each *= factor;
  return x;
}

/// A matrix of so many rows, turned.
Numbers transposed(const Numbers& x, std::size_t rows) {
  const std::size_t columns = x.size() / rows;
  Numbers result(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) result[i % columns * rows + i / columns] = x[i];
  return result;
}

/// The parameter at the start and after each step.
std::vector<Numbers> run(const std::string& options, const std::string& backend, const Shape& shape, Numbers theta,
                         const std::vector<Numbers>& gradients) {
  std::vector<Numbers> all = {theta};
  Optimizer optimizer(parse_options(options), {}, {.backend = backend});
  const Handle handle = optimizer.add("theta", theta, shape);
  for (const Numbers& gradient : gradients) {
    optimizer.step({{handle, gradient}});
    all.push_back(theta);
  }
  return all;
}

/// Start and gradients of a parameter with so many elements.
struct Given {
  explicit Given(std::size_t count) : start(random_numbers<double>(count, kSeed, "theta")) {
    for (std::uint32_t t = 1; t <= kSteps; ++t) gradients.push_back(random_numbers<double>(count, kSeed, "g", t));
  }
  Numbers start;
  std::vector<Numbers> gradients;
};

TEST(Layerwise, StepsAreAFixedPartOfTheParameter) {
  // ‖Δθ‖ = η ‖θ‖ under LAMB, η τ ‖θ‖ under LARS.
  for (const auto& [options, part] :
       {std::pair<std::string, double>{"lamb:lr=.02,beta1=.8,weight_decay=.3", 0.02},
        {"lamb:lr=.02,beta2=.9,grad_averaging=false,correct_bias=false", 0.02},
        {"lars:lr=.5,trust_coefficient=.2,eps=0,always_adapt=true", 0.1},
        {"lars:lr=.5,trust_coefficient=.2,eps=0,weight_decay=.3,norm_of_sum=true", 0.1}}) {
    for (const std::string& backend : every_backend()) {
      for (const std::size_t count : {1u, 7u, 64u, 5000u}) {
        SCOPED_TRACE(options + ", " + backend + ", " + std::to_string(count));
        Given given(count);
        given.start[0] = given.gradients[0][0] = 1;  // of a single number neither may be 0
        const std::vector<Numbers> all = run(options, backend, Shape(std::vector{static_cast<std::int64_t>(count)}),
                                             given.start, {given.gradients[0]});
        EXPECT_NEAR(norm(difference(all[1], all[0])) / norm(all[0]), part, 1e-12);
      }
    }
  }
}

TEST(Layerwise, ParametersThatAreZeroStepAllTheSame) {
  // There the ratio is 1: LAMB is Adam, LARS is SGD.
  const Given given(33);
  const Numbers zero(33);
  for (const auto& [options, same] :
       {std::pair<std::string, std::string>{"lamb:lr=.02,eps=1e-3", "adam:lr=.02,eps=1e-3"},
        {"lars:lr=.5,always_adapt=true", "sgd:lr=.5"},
        {"lars:lr=.5,always_adapt=true,norm_of_sum=true,weight_decay=.3", "sgd:lr=.5,weight_decay=.3"}}) {
    for (const std::string& backend : every_backend()) {
      const Numbers ours = run(options, backend, {33}, zero, {given.gradients[0]})[1];
      EXPECT_EQ(first_difference<double>(ours, run(same, backend, {33}, zero, {given.gradients[0]})[1], 1e-15), "")
          << options << ", " << backend;
    }
  }
}

TEST(Layerwise, TheSizeOfGradientsDoesNotMatter) {
  // Powers of two change no digit.
  Given given(35);
  std::vector<Numbers> small;
  for (Numbers& gradient : given.gradients) {
    for (double& g : gradient) g = g == 0 ? 1 : g;  // without ε an element's zeros alone are no size at all
    small.push_back(times(0x1p-20, gradient));
  }
  for (const std::string options : {"lamb:lr=.02,eps=0", "lars:lr=.5,momentum=.7,eps=0,always_adapt=true",
                                    "adafactor:lr=.02,eps1=0,eps_inside=true", "adafactor:eps1=0,momentum=.7"}) {
    for (const std::string& backend : every_backend()) {
      const Shape shape = options.starts_with("adafactor") ? Shape{5, 7} : Shape{35};
      const Numbers ours = run(options, backend, shape, given.start, small).back();
      const Numbers expected = run(options, backend, shape, given.start, given.gradients).back();
      EXPECT_EQ(first_bit_difference<double>(ours, expected), "") << options << ", " << backend;
      EXPECT_TRUE(std::isfinite(norm(ours)));
    }
  }
}

TEST(Adafactor, SquaresOfRankOneAreExact) {
  // g = a bᵀ has g² = r cᵀ / mean(r), and so every step is α sign(g), as of a vector with these gradients.
  const Numbers a = {1, -2, 0.5, 3, -0.1}, b = {0.3, -1, 2, 5, -7, 0.2, 1};
  Numbers gradient;
  for (const double left : a) {
    for (const double right : b) gradient.push_back(left * right);
  }
  const std::vector<Numbers> gradients(kSteps, gradient);
  const Numbers start = Given(35).start;
  for (const std::string& backend : every_backend()) {
    const std::string options = "adafactor:lr=.7,scale_parameter=false,eps1=1e-9";
    const std::vector<Numbers> all = run(options, backend, {5, 7}, start, gradients);
    for (int t = 1; t <= kSteps; ++t) {
      Numbers expected;
      for (const double g : gradient) expected.push_back(std::min(0.7, 1 / std::sqrt(t)) * (g > 0 ? 1 : -1));
      const auto step = static_cast<std::size_t>(t);
      EXPECT_EQ(first_difference<double>(difference(all[step - 1], all[step]), expected, 1e-12), "") << backend;
    }
  }
}

TEST(Adafactor, TurnedMatricesAndStacksOfThem) {
  const Given given(35);
  for (const std::string& backend : every_backend()) {
    for (const std::string options : {"adafactor:lr=.02,momentum=.7,weight_decay=.3",
                                      "adafactor:lr=.02,eps_inside=true,eps1=1e-3,relative_step=false"}) {
      SCOPED_TRACE(options + ", " + backend);
      std::vector<Numbers> turned;
      for (const Numbers& gradient : given.gradients) turned.push_back(transposed(gradient, 5));
      const Numbers straight = run(options, backend, {5, 7}, given.start, given.gradients).back();
      const Numbers back = transposed(run(options, backend, {7, 5}, transposed(given.start, 5), turned).back(), 7);
      EXPECT_EQ(first_difference<double>(back, straight, 1e-12), "");

      // Without what is taken over the whole parameter each matrix of a stack goes its own way.
      const std::string apart = options + ",scale_parameter=false,clip_threshold=0";
      Numbers two = given.start;
      two.insert(two.end(), given.start.rbegin(), given.start.rend());
      std::vector<Numbers> of_two, second;
      for (const Numbers& gradient : given.gradients) {
        second.emplace_back(gradient.rbegin(), gradient.rend());
        of_two.push_back(gradient);
        of_two.back().insert(of_two.back().end(), gradient.rbegin(), gradient.rend());
      }
      const Numbers together = run(apart, backend, {2, 5, 7}, two, of_two).back();
      Numbers expected = run(apart, backend, {5, 7}, given.start, given.gradients).back();
      const Numbers reversed(given.start.rbegin(), given.start.rend());
      const Numbers other = run(apart, backend, {5, 7}, reversed, second).back();
      expected.insert(expected.end(), other.begin(), other.end());
      EXPECT_EQ(first_difference<double>(together, expected, 1e-12), "");
    }
  }
}

TEST(Adafactor, OptionsThatChooseWhatIsFactored) {
  const Given given(35);
  for (const std::string& backend : every_backend()) {
    const auto with = [&](const std::string& more, const Shape& shape) {
      return run("adafactor:lr=.02,eps1=1e-3" + more, backend, shape, given.start, given.gradients).back();
    };
    const Numbers factored = with("", {5, 7}), vector = with("", {35});
    EXPECT_NE(first_bit_difference<double>(factored, vector), "") << backend;
    for (const std::string more : {",factored=false", ",min_dim_size_to_factor=6"}) {
      EXPECT_EQ(first_difference<double>(with(more, {5, 7}), vector, 1e-12), "") << more << ", " << backend;
      EXPECT_EQ(first_difference<double>(with(more, {7, 5}), vector, 1e-12), "") << more << ", " << backend;
    }
    EXPECT_EQ(first_bit_difference<double>(with(",min_dim_size_to_factor=5", {5, 7}), factored), "") << backend;
  }
}

template <class T>
void expect_oracle(const Sample& sample, const Options& options, const Shape& shape, const std::string& backend) {
  SCOPED_TRACE(options.text() + ", " + shape.text() + ", " + type_name<T> + ", " + backend);
  const auto count = static_cast<std::size_t>(shape.elements());
  std::vector<T> theta = random_numbers<T>(count, kSeed, "theta");
  oracle::Parameter expected;
  expected.theta.assign(theta.begin(), theta.end());
  expected.shape.assign(shape.sizes.begin(), shape.sizes.end());
  Optimizer optimizer(options, {}, {.backend = backend});
  const Handle handle = optimizer.add("theta", theta, shape);
  std::map<std::string, Magnitudes> magnitudes;
  const auto expect = [&](const std::string& name, std::span<const T> ours, const Numbers& numbers) {
    magnitudes[name].see(numbers);
    ASSERT_EQ(ours.size(), numbers.size()) << name;
    ASSERT_EQ(first_difference<T>(ours, numbers, tolerance<T>, magnitudes[name]), "") << name;
  };
  for (std::uint32_t t = 1; t <= sample.steps && !::testing::Test::HasFailure(); ++t) {
    const std::vector<T> gradient = random_numbers<T>(count, kSeed, "gradient", t);
    optimizer.step({{handle, gradient}});
    sample.oracle(options, expected, {t, to_double<T>(gradient), std::numeric_limits<T>::min()});
    expect("theta", theta, expected.theta);
    for (const auto& [name, numbers] : expected.columns) expect(name, optimizer.column<T>(handle, name), numbers);
  }
}

TEST(Layerwise, ShapesMeetTheOracle) {
  const std::vector<Shape> shapes = {{},     {1},          {9},         {1, 6},   {6, 1},
                                     {3, 5}, {2, 3, 4, 2}, {1, 130, 3}, {40, 33}, {3, 2000}};
  for (const Sample& sample : samples()) {
    if (sample.rule() != "lamb" && sample.rule() != "lars" && sample.rule() != "adafactor") continue;
    for (const Options& options : pairwise_option_sets(sample)) {
      for (const std::string& backend : every_backend()) {
        for (const Shape& shape : shapes) {
          expect_oracle<float>(sample, options, shape, backend);
          expect_oracle<double>(sample, options, shape, backend);
        }
      }
    }
  }
}

}  // namespace
}  // namespace thalweg::tests
