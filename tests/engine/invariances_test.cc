// What must hold for every correct rule, whatever its numbers are: no oracle, only the engine against itself.
#include "engine/samples.h"
#include "engine/short_run.h"

#include <thalweg/optimizer.h>

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

template <class T>
class Invariances : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Invariances, Types);

/// The same options without what gives gradients a scale: every ε, first values, and decay that mixes θ into them.
Options without_scale(Options options) {
  for (const char* name : {"eps", "eps_root", "initial_accumulator_value"}) {
    if (options.has(name)) options.set(name, 0);
  }
  const bool is_sgd = options.rule().name == "sgd";  // whose learning rate, and so its decay, follows the scale
  if (is_sgd || (options.has("weight_decay") && options.get("decoupled_weight_decay") == 0)) {
    options.set("weight_decay", 0);
  }
  return options;
}

TYPED_TEST(Invariances, TheGradientsScaleIsNotSeen) {
  // g and 2ᵏ g give the same steps, bit for bit, for powers of two round nothing: with every rule that divides by what
  // gradients were, if ε is 0, and with those that take nothing but their sign. SGD does not divide, so its learning
  // rate takes the scale away.
  //
  // Left out are Adadelta, whose unit is ε itself (with 0 it never begins), RMSprop's v̂ − m̂² with m̂ = v̂ = g² in step 1
  // (which then is 0 or not by rounding, and so is the division by it), and RAdam's first steps, which do not divide:
  // they are made with a learning rate of 0.
  using T = TypeParam;
  std::map<T, Series<T>> gradients;  // by their scale
  for (const T factor : {T(1), T(0x1p-20), T(0x1p-3), T(0x1p25)}) {
    gradients[factor] = scaled<T>(run_gradients<T>(), factor);
  }
  for (const Sample& sample : samples()) {
    if (sample.rule() == "adadelta" || !rule(sample.rule()).sums.empty()) continue;  // for sums: layerwise_test.cc
    for (const Options& with_scale : every_option_set(sample)) {
      Options options = without_scale(with_scale);
      if (sample.rule() == "rmsprop" && options.get("centered") != 0 && options.get("bias_correction") != 0) continue;
      const auto trained = [&](T factor, const Series<T>& series) {
        Options scaled_options = options;
        if (sample.rule() == "sgd") scaled_options.set("lr", options.get("lr") / static_cast<double>(factor));
        Optimizer optimizer(scaled_options, {}, {.threads = 1});
        std::vector<T> theta = run_start<T>();
        const Handle handle = optimizer.add("theta", theta);
        if (sample.rule() == "radam") {
          optimizer.set("lr", 0);
          for (const std::vector<T>& gradient : series) optimizer.step({{handle, gradient}});
          optimizer.set("lr", options.get("lr"));
        }
        for (const std::vector<T>& gradient : series) optimizer.step({{handle, gradient}});
        return theta;
      };
      const std::vector<T> plain = trained(1, gradients.at(1));
      EXPECT_NE(first_bit_difference<T>(plain, run_start<T>()), "") << options.text() << " does not move";
      for (const auto& [factor, series] : gradients) {
        EXPECT_EQ(first_bit_difference<T>(plain, trained(factor, series)), "")
            << options.text() << ", factor " << factor;
      }
      if (TestFixture::HasFailure()) return;
    }
  }
}

/// The first element that is not the other's mirror image (or for an even column its equal) in every bit; empty if all
/// are. A zero has no sign here: numbers that cancel out give +0 (IEEE 754, 6.3), and so do their mirror images.
template <class T>
std::string first_mirror_difference(std::vector<T> mirrored, std::vector<T> plain, bool odd) {
  for (std::vector<T>* numbers : {&mirrored, &plain}) {
    for (T& x : *numbers) x = x == 0 ? T{0} : (odd && numbers == &mirrored ? -x : x);
  }
  return first_bit_difference<T>(mirrored, plain);
}

TYPED_TEST(Invariances, EverythingIsOddInTheGradient) {
  // Mirrored parameters and gradients give mirrored results; `maximize` mirrors the gradient alone.
  using T = TypeParam;
  const Series<T> mirrored_gradients = scaled<T>(run_gradients<T>(), -1);
  for (const Sample& sample : samples()) {
    for (Options options : every_option_set(sample)) {
      const Outcome<T> plain = run<T>(options, run_start<T>(), run_gradients<T>());
      const Outcome<T> mirrored = run<T>(options, scaled<T>(run_start<T>(), -1), mirrored_gradients);
      EXPECT_EQ(first_mirror_difference<T>(mirrored.theta, plain.theta, true), "") << options.text();
      for (const ColumnInfo& column : options.rule().columns) {
        const std::string name(column.name);
        if (!plain.columns.contains(name)) continue;
        const bool odd = column.kind == ColumnKind::average || column.kind == ColumnKind::sign;
        EXPECT_EQ(first_mirror_difference<T>(mirrored.columns.at(name), plain.columns.at(name), odd), "")
            << options.text() << ", " << name;
      }
      if (!options.has("maximize")) continue;
      options.set("maximize", 1 - options.get("maximize"));
      const Outcome<T> turned = run<T>(options, run_start<T>(), mirrored_gradients);
      EXPECT_EQ(first_bit_difference<T>(turned.theta, plain.theta), "") << options.text();
      for (const auto& [name, column] : turned.columns) {
        EXPECT_EQ(first_bit_difference<T>(column, plain.columns.at(name)), "") << options.text() << ", " << name;
      }
    }
  }
}

TYPED_TEST(Invariances, TheSignOfAZeroIsNeverSeen) {
  // Which is why it may be left out above: whatever sign the zeros of θ, gradients and state have, every other number
  // keeps its bits. No rule divides by what can be −0.
  using T = TypeParam;
  const auto negate_zeros = [](std::span<T> numbers) {
    for (T& x : numbers) x = x == 0 ? -x : x;
  };
  for (const Sample& sample : samples()) {
    for (const Options& options : pairwise_option_sets(sample)) {
      Series<T> gradients = run_gradients<T>();
      for (std::size_t step = 1; step < gradients.size(); ++step) {
        for (std::size_t i = step; i < kRunElements; i += 3) gradients[step][i] = 0;
      }
      const Outcome<T> plain = run<T>(options, run_start<T>(), gradients);

      std::vector<T> theta = run_start<T>();
      negate_zeros(theta);
      Optimizer optimizer(options, {}, {.threads = 1});
      const Handle handle = optimizer.add("theta", theta);
      for (std::vector<T>& gradient : gradients) {
        negate_zeros(gradient);
        optimizer.step({{handle, gradient}});
        for (const std::string& name : column_names(optimizer)) negate_zeros(optimizer.column<T>(handle, name));
      }
      EXPECT_EQ(first_mirror_difference<T>(theta, plain.theta, false), "") << options.text();
    }
  }
}

TYPED_TEST(Invariances, ElementsHaveNoOrder) {
  using T = TypeParam;
  std::vector<std::int64_t> order(kRunElements);
  std::iota(order.begin(), order.end(), 0);
  Random(kRunSeed, RandomPurpose::test, "order").shuffle(order);
  const auto permuted = [&](const std::vector<T>& numbers) {
    std::vector<T> result;
    result.reserve(order.size());
    for (const std::int64_t i : order) result.push_back(numbers[static_cast<std::size_t>(i)]);
    return result;
  };
  Series<T> permuted_gradients;
  for (const std::vector<T>& gradient : run_gradients<T>()) permuted_gradients.push_back(permuted(gradient));
  for (const Sample& sample : samples()) {
    if (!rule(sample.rule()).sums.empty()) continue;  // their sums are over the whole parameter, in its order
    for (const Options& options : pairwise_option_sets(sample)) {
      const Outcome<T> plain = run<T>(options, run_start<T>(), run_gradients<T>());
      const Outcome<T> other = run<T>(options, permuted(run_start<T>()), permuted_gradients);
      EXPECT_EQ(first_bit_difference<T>(other.theta, permuted(plain.theta)), "") << options.text();
      for (const auto& [name, column] : plain.columns) {
        EXPECT_EQ(first_bit_difference<T>(other.columns.at(name), permuted(column)), "") << options.text() << name;
      }
    }
  }
}

TYPED_TEST(Invariances, AParameterMayBeCutAnywhere) {
  using T = TypeParam;
  const std::vector<std::size_t> cut_places[] = {{1}, {16}, {77}, {199}, {0, 5, 6, 100, 117}};
  for (const Sample& sample : samples()) {
    if (!rule(sample.rule()).sums.empty()) continue;  // their sums are over the whole parameter, in its order
    for (const Options& options : pairwise_option_sets(sample)) {
      const Outcome<T> plain = run<T>(options, run_start<T>(), run_gradients<T>());
      for (std::vector<std::size_t> cuts : cut_places) {
        cuts.push_back(kRunElements);
        std::vector<T> theta = run_start<T>();
        Optimizer optimizer(options, {}, {.threads = 1});
        const auto part = [&](auto& numbers, std::size_t i) {
          const std::size_t begin = i == 0 ? 0 : cuts[i - 1];
          return std::span(numbers).subspan(begin, cuts[i] - begin);
        };
        for (std::size_t i = 0; i < cuts.size(); ++i) optimizer.add(std::to_string(i), part(theta, i));
        for (const std::vector<T>& gradient : run_gradients<T>()) {
          std::vector<Gradient> parts;  // the last first: they have no order either
          for (std::size_t i = cuts.size(); i-- > 0;) {
            parts.emplace_back(optimizer.find(std::to_string(i)), part(gradient, i));
          }
          optimizer.step(parts);
        }
        EXPECT_EQ(first_bit_difference<T>(theta, plain.theta), "")
            << options.text() << ", cut at " << cuts.front() << " first";
      }
    }
  }
}

TYPED_TEST(Invariances, WithoutALearningRateParametersStandStill) {
  using T = TypeParam;
  for (const Sample& sample : samples()) {
    if (sample.rule() == "rprop") continue;  // its lr is only the first of its step sizes, which grow by themselves
    for (Options options : every_option_set(sample)) {
      options.set("lr", 0);
      if (options.has("decay_without_lr")) options.set("decay_without_lr", 0);
      EXPECT_EQ(first_bit_difference<T>(run<T>(options, run_start<T>(), run_gradients<T>()).theta, run_start<T>()), "")
          << options.text();
    }
  }
}

}  // namespace
}  // namespace thalweg::tests
