// Numbers that follow from mathematics alone: what constant gradients, one gradient, or none at all come to.
#include "engine/closed_forms.h"
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/optimizer.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

constexpr std::size_t kElements = 37;  // whole vectors and a rest, on every instruction set
constexpr int kSteps = 30;
constexpr std::uint64_t kSeed = 11;

TEST(Forms, EveryRuleHasOne) {
  for (const RuleInfo* rule : rules()) {
    const auto is_of_rule = [&](const Form& form) { return &form.options.rule() == rule; };
    EXPECT_TRUE(std::ranges::any_of(forms(), is_of_rule)) << rule->name << " needs closed forms";
  }
}

template <class T>
class ClosedForms : public ::testing::Test {
 protected:
  /// Ordinary numbers of both signs, none of them 0.
  static std::vector<T> own_gradients() {
    std::vector<T> numbers = random_numbers<T>(kElements, kSeed, "gradient");
    for (T& x : numbers) x = x == 0 ? T{1} : x;
    return numbers;
  }
  static std::vector<T> start() { return random_numbers<T>(kElements, kSeed, "theta"); }

  static std::vector<T> at_step(const Term& gradient, const std::vector<T>& own, int t) {
    std::vector<T> result;
    result.reserve(own.size());
    for (const T g : own) result.push_back(static_cast<T>(gradient(static_cast<double>(g), t)));
    return result;
  }
};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(ClosedForms, Types);

TYPED_TEST(ClosedForms, ConstantAndSingleGradients) {
  // θₜ = qᵗ θ₀ − Σₖ qᵗ⁻ᵏ stepₖ, where q = 1 − ηλ if there is decoupled decay, else 1. Rules with sums have no such
  // form of one element unless all they do with the sums is turned off, as it is here.
  using T = TypeParam;
  const std::vector<T> own = this->own_gradients(), start = this->start();
  for (const Form& form : forms()) {
    for (const double decay : {0.0, 0.3}) {
      Options options = form.options;
      if (decay != 0) {
        if (!options.has("weight_decay") || !form.may_decay) continue;
        options.set("weight_decay", decay);
        if (options.has("decoupled_weight_decay")) options.set("decoupled_weight_decay", 1.0);
      }
      const double q = 1 - options.get("lr") * decay;
      for (const std::string& backend : every_backend()) {
        SCOPED_TRACE(form.what + ", " + options.text() + ", " + type_name<T> + ", " + backend);
        std::vector<T> theta = start;
        Optimizer optimizer(options, {}, {.backend = backend});
        const Handle handle = optimizer.add("theta", theta);
        std::map<std::string, Magnitudes> magnitudes;
        const auto expect = [&](const std::string& name, std::span<const T> ours, const auto& of_element, int t) {
          std::vector<double> expected;
          for (std::size_t i = 0; i < kElements; ++i) expected.push_back(of_element(i));
          magnitudes[name].see(expected);
          ASSERT_EQ(ours.size(), kElements) << name;
          ASSERT_EQ(first_difference<T>(ours, expected, tolerance<T>, magnitudes[name]), "") << name << ", step " << t;
        };
        for (int t = 1; t <= kSteps && !TestFixture::HasFailure(); ++t) {
          optimizer.step({{handle, this->at_step(form.gradient, own, t)}});
          const auto of_parameter = [&](std::size_t i) {
            const auto share = [&](int k) { return std::pow(q, t - k) * form.step(static_cast<double>(own[i]), k); };
            return std::pow(q, t) * static_cast<double>(start[i]) - sum(t, share);
          };
          expect("theta", theta, of_parameter, t);
          for (const auto& column : form.columns) {
            const auto of_state = [&](std::size_t i) { return column.second(static_cast<double>(own[i]), t); };
            expect(column.first, optimizer.column<T>(handle, column.first), of_state, t);
          }
        }
      }
    }
  }
}

TYPED_TEST(ClosedForms, OneStepWithDecayAndAscent) {
  // Turned round first, where it shall ascend; then λθ joins it, or θ shrinks.
  using T = TypeParam;
  const std::vector<T> own = this->own_gradients(), start = this->start();
  for (const Form& form : forms()) {
    for (int bits = 0; bits < 8; ++bits) {
      Options options = form.options;
      const bool maximize = (bits & 1) != 0, decoupled = (bits & 2) != 0;
      const double decay = (bits & 4) != 0 ? 0.3 : 0;
      options.set("maximize", maximize ? 1 : 0);
      if (options.has("weight_decay") && form.may_decay) {
        options.set("weight_decay", decay);
      } else if (decay != 0) {
        continue;
      }
      if (options.has("decoupled_weight_decay")) {
        options.set("decoupled_weight_decay", decoupled ? 1 : 0);
      } else if (!decoupled && decay != 0) {
        continue;
      }
      std::vector<double> expected;
      for (std::size_t i = 0; i < kElements; ++i) {
        const double theta = static_cast<double>(start[i]), g = static_cast<double>(maximize ? -own[i] : own[i]);
        expected.push_back(decoupled ? (1 - options.get("lr") * decay) * theta - form.step(g, 1)
                                     : theta - form.step(g + decay * theta, 1));
      }
      for (const std::string& backend : every_backend()) {
        std::vector<T> theta = start;
        Optimizer optimizer(options, {}, {.backend = backend});
        optimizer.add("theta", theta);
        optimizer.step({{"theta", own}});
        EXPECT_EQ(first_difference<T>(theta, expected, tolerance<T>), "")
            << form.what << ", " << options.text() << ", " << type_name<T> << ", " << backend;
      }
    }
  }
}

TYPED_TEST(ClosedForms, WithoutGradientsOnlyDecayMoves) {
  // θₜ = (1 − ηλ)ᵗ θ₀, coupled too where the rule steps by η g; other rules take coupled decay for a gradient, and
  // are only asked to stay finite. A denominator of 0 is there only if ε is: Adagrad says what happens then.
  using T = TypeParam;
  const std::vector<T> start = this->start(), zero(kElements);
  for (const Sample& sample : samples()) {
    std::vector<Options> option_sets = pairwise_option_sets(sample);
    option_sets.push_back(Options::of(sample.rule()));
    for (const Options& options : option_sets) {
      const double decay = options.has("weight_decay") ? options.get("weight_decay") : 0;
      const bool decoupled =
          decay != 0 && options.has("decoupled_weight_decay") && options.get("decoupled_weight_decay") != 0;
      const bool is_plain = sample.rule() == "sgd" && options.get("momentum") == 0;
      for (const std::string& backend : every_backend()) {
        SCOPED_TRACE(options.text() + ", " + type_name<T> + ", " + backend);
        std::vector<T> theta = start;
        Optimizer optimizer(options, {}, {.backend = backend});
        const Handle handle = optimizer.add("theta", theta);
        for (int t = 1; t <= kSteps; ++t) optimizer.step({{handle, zero}});
        for (const T x : everything<T>(optimizer, handle, theta)) ASSERT_TRUE(std::isfinite(x));
        if (decay == 0) {
          EXPECT_EQ(first_bit_difference<T>(theta, start), "");
        } else if (decoupled || is_plain) {
          std::vector<double> expected = to_double<T>(start);
          for (double& x : expected) x *= std::pow(1 - options.get("lr") * decay, kSteps);
          EXPECT_EQ(first_difference<T>(theta, expected, tolerance<T>), "");
        }
      }
    }
  }
}

TYPED_TEST(ClosedForms, StepsAlongTheParameterShrinkIt) {
  // With θ₀ along the step, ‖θ‖ falls by a part that is known, whatever the gradients' sizes are.
  using T = TypeParam;
  struct Along {
    const char* options;
    double (*part)(int t);
    bool along_gradient;  ///< θ₀ is the gradient; otherwise its signs
  };
  constexpr Along kAll[] = {
      {"lamb:lr=0.1,eps=0", [](int) { return 0.1; }, false},
      {"lars:lr=2,trust_coefficient=0.05,eps=0,always_adapt=1", [](int) { return 0.1; }, true},
      {"lars:lr=2,trust_coefficient=0.05,eps=0,always_adapt=1,norm_of_sum=1,weight_decay=0.5", [](int) { return 0.1; },
       true},
      {"adafactor:lr=0.4", [](int t) { return std::min(0.4, 1 / std::sqrt(t)); }, false},
      {"adafactor:lr=0.4,factored=0,warmup_init=1,eps_inside=1,eps1=1e-30",
       [](int t) { return std::min(0.4 * t, 1 / std::sqrt(t)); }, false},
  };
  // A matrix of rank one, whose mean squares by row and column are those of its elements.
  constexpr std::int64_t kRows = 5, kColumns = 9;
  const std::vector<T> own = this->own_gradients();
  std::vector<T> gradient, signs;
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < kColumns; ++column) gradient.push_back(own[row] * own[kRows + column]);
  }
  for (const T g : gradient) signs.push_back(g > 0 ? T{1} : T{-1});
  for (const Along& along : kAll) {
    const Options options = parse_options(along.options);
    for (const std::string& backend : every_backend()) {
      SCOPED_TRACE(options.text() + ", " + type_name<T> + ", " + backend);
      std::vector<T> theta = along.along_gradient ? gradient : signs;
      std::vector<double> expected = to_double<T>(theta);
      Optimizer optimizer(options, {}, {.backend = backend});
      const Handle handle = optimizer.add("theta", theta, {kRows, kColumns});
      for (int t = 1; t <= 6; ++t) {
        optimizer.step({{handle, gradient}});
        for (double& x : expected) x *= 1 - along.part(t);
        ASSERT_EQ(first_difference<T>(theta, expected, 4 * tolerance<T>), "") << "step " << t;
      }
    }
  }
}

TYPED_TEST(ClosedForms, LionStopsWithItsMean) {
  // With β₂ = ½ and one gradient of 1 the mean is 2⁻ᵗ after step t, until that is no normal number.
  using T = TypeParam;
  constexpr int kLast = 2 - std::numeric_limits<T>::min_exponent;  // the first step after which the mean is 0
  for (const std::string& backend : every_backend()) {
    std::vector<T> theta(kElements);
    Optimizer optimizer(Lion{.lr = 1, .beta1 = 0.5, .beta2 = 0.5}, {}, {.backend = backend});
    const Handle handle = optimizer.add("theta", theta);
    optimizer.step({{handle, std::vector<T>(kElements, 1)}});
    for (int t = 2; t <= kLast + 100; ++t) optimizer.step({{handle, std::vector<T>(kElements)}});
    EXPECT_EQ(first_bit_difference<T>(theta, std::vector<T>(kElements, -kLast)), "") << backend;
  }
}

}  // namespace
}  // namespace thalweg::tests
