// Several rules in one optimizer: the bits of separate ones, one clip over all, moves between groups, one state.
#include "engine/numbers.h"
#include "engine/oracle.h"
#include "engine/samples.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/kernels/engine_rule.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/nadam.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 83;

const Sample& sample(const std::string& rule) {
  return *std::ranges::find(samples(), rule, [](const Sample& one) { return one.rule(); });
}

/// One parameter under each of four rules.
template <class T>
struct Mixed {
  static const std::vector<std::string>& rules() {
    static const std::vector<std::string> all = {"rmsprop", "adamw", "adagrad", "nadam"};
    return all;
  }
  static Options options(const std::string& rule) { return parse_options(sample(rule).options); }

  explicit Mixed(const Settings& settings) : optimizer(options("rmsprop"), settings) {
    thetas.reserve(4);
    for (const std::string& rule : rules()) {
      thetas.push_back(random_numbers<T>(5001, kSeed, rule));
      const Group group = rule == "rmsprop" ? Group{} : optimizer.add_group("group of " + rule, options(rule));
      optimizer.add(rule, thetas.back(), group);
    }
  }

  static std::vector<T> gradient(const std::string& rule, std::uint32_t number) {
    return random_numbers<T>(5001, kSeed + 1, rule, number);
  }
  /// "adagrad" has no gradient in step 1.
  static bool has_gradient(const std::string& rule, std::uint32_t number) { return rule != "adagrad" || number != 1; }

  StepReport step(std::uint32_t number) {
    std::vector<std::vector<T>> gradients;
    gradients.reserve(4);
    std::vector<Gradient> list;
    for (const std::string& rule : rules()) {
      if (has_gradient(rule, number)) list.emplace_back(rule, gradients.emplace_back(gradient(rule, number)));
    }
    return optimizer.step(list);
  }

  std::vector<std::vector<T>> thetas;
  Optimizer optimizer;
};

template <class T>
class MixedRules : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(MixedRules, Types);

TYPED_TEST(MixedRules, HaveTheBitsOfSeparateOptimizers) {
  using T = TypeParam;
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    for (const Clip& clip : {Clip{}, Clip{ClipBy::value, 0.5}, Clip{ClipBy::norm, 3}}) {
      const Settings settings{.step_count = count, .clip = clip, .average = {.kind = AverageKind::ema, .decay = 0.9}};
      Mixed<T> mixed(settings);
      for (std::uint32_t number = 0; number < 4; ++number) mixed.step(number);
      for (std::size_t i = 0; i < 4; ++i) {
        const std::string rule = Mixed<T>::rules()[i];
        std::vector<T> theta = random_numbers<T>(5001, kSeed, rule);
        Optimizer alone(Mixed<T>::options(rule), settings);
        const Handle handle = alone.add("theta", theta);
        for (std::uint32_t number = 0; number < 4; ++number) {
          if (Mixed<T>::has_gradient(rule, number)) {
            alone.step({{handle, Mixed<T>::gradient(rule, number)}});
          } else {
            alone.step({});
          }
        }
        EXPECT_EQ(first_bit_difference<T>(mixed.thetas[i], theta), "") << rule;
        const Handle its{static_cast<std::uint32_t>(i)};
        EXPECT_EQ(first_bit_difference<T>(mixed.optimizer.template average<T>(its), alone.average<T>(handle)), "");
        EXPECT_EQ(mixed.optimizer.step_number(its), alone.step_number(handle));
      }
    }
  }
}

TYPED_TEST(MixedRules, AreClippedTogether) {
  using T = TypeParam;
  constexpr double kLimit = 20;
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    Mixed<T> mixed({.step_count = count, .clip = {ClipBy::global_norm, kLimit}});
    std::map<std::string, oracle::Parameter> plain;
    std::map<std::string, Magnitudes> magnitudes;
    for (std::size_t i = 0; i < 4; ++i) plain[Mixed<T>::rules()[i]].theta = to_double<T>(mixed.thetas[i]);
    std::map<std::string, std::int64_t> steps;
    for (std::uint32_t number = 0; number < 4; ++number) {
      std::map<std::string, std::vector<double>> gradients;
      long double sum = 0;
      for (const auto& [rule, parameter] : plain) {
        if (!Mixed<T>::has_gradient(rule, number)) continue;
        gradients[rule] = to_double<T>(Mixed<T>::gradient(rule, number));
        for (const double g : gradients[rule]) sum += static_cast<long double>(g) * g;
      }
      const double factor = std::min(1.0, kLimit / static_cast<double>(std::sqrt(sum)));
      EXPECT_NEAR(mixed.step(number).clip_factor, factor, 1e-12);
      for (auto& [rule, parameter] : plain) {
        ++steps[rule];
        if (!gradients.contains(rule)) {
          if (count == StepCount::per_parameter) --steps[rule];
          continue;
        }
        for (double& g : gradients[rule]) g *= factor;
        sample(rule).oracle(Mixed<T>::options(rule), parameter,
                            {.number = steps[rule],
                             .gradient = gradients[rule],
                             .smallest_normal = static_cast<double>(std::numeric_limits<T>::min())});
        magnitudes[rule].see(parameter.theta);
      }
    }
    for (std::size_t i = 0; i < 4; ++i) {
      const std::string rule = Mixed<T>::rules()[i];
      EXPECT_EQ(first_difference<T>(mixed.thetas[i], plain[rule].theta, tolerance<T>, magnitudes[rule]), "") << rule;
    }
  }
}

TEST(MixedOptions, AreSetWhereTheyAre) {
  Mixed<float> mixed({});
  Optimizer& optimizer = mixed.optimizer;
  const Group adamw = optimizer.group("group of adamw"), adagrad = optimizer.group("group of adagrad");
  optimizer.set_lr_scale(adagrad, 10);
  optimizer.set("lr", 0.25);
  EXPECT_EQ(optimizer.lr(), 0.25);
  EXPECT_EQ(optimizer.lr(adamw), 0.25);
  EXPECT_EQ(optimizer.lr(adagrad), 2.5);
  optimizer.set("momentum", 0.125);
  EXPECT_EQ(optimizer.options().get("momentum"), 0.125);
  EXPECT_FALSE(optimizer.options(adamw).has("momentum"));
  optimizer.set("lr_decay", 0.5);  // of the third group alone
  EXPECT_EQ(optimizer.options(adagrad).get("lr_decay"), 0.5);
  EXPECT_THAT(error_of([&] { optimizer.set(adamw, "momentum", 0.5); }), HasSubstr("adamw"));
  EXPECT_THAT(error_of([&] { optimizer.set("momentun", 0.5); }), HasSubstr("momentun"));
  // A value that one group refuses changes no other.
  EXPECT_THAT(error_of([&] { optimizer.set("beta1", 1); }), HasSubstr("beta1 = 1 is outside"));
  EXPECT_THAT(error_of([&] { optimizer.set("lr", 1e308); }), HasSubstr("group \"group of adagrad\": lr = 1e+308"));
  EXPECT_EQ(optimizer.lr(), 0.25);
  EXPECT_THAT(error_of([&] { optimizer.set_options(adamw, Mixed<float>::options("nadam")); }),
              HasSubstr("options of nadam given to a group of adamw"));
}

TEST(MixedMoves, StayInTheFamilyOnceThereIsState) {
  std::vector<double> theta{1, 2};
  const std::vector<double> gradient{1, -1};
  Optimizer optimizer(AdamW{.lr = 0.1});
  const Group adam = optimizer.add_group("adam", Adam{.lr = 0.2}), rms = optimizer.add_group("rms", RMSprop{});
  const Handle handle = optimizer.add("theta", theta);
  optimizer.move(handle, rms);
  optimizer.move(handle, {});
  optimizer.step({{handle, gradient}});
  const std::vector<std::byte> before = safetensors::to_bytes(optimizer.state());
  EXPECT_THAT(error_of([&] { optimizer.move(handle, rms); }),
              AllOf(HasSubstr("move: \"theta\" has state of adamw, which means nothing to rmsprop"),
                    HasSubstr("remove and add the parameter")));
  EXPECT_EQ(safetensors::to_bytes(optimizer.state()), before);
  optimizer.move(handle, adam);  // one family
  const double m = optimizer.column<double>(handle, "m")[0];
  optimizer.step({{handle, gradient}});
  EXPECT_EQ(optimizer.step_number(handle), 2);
  EXPECT_NEAR(optimizer.column<double>(handle, "m")[0], 0.9 * m + 0.1, 1e-15);
}

TEST(MixedMoves, WithoutColumnsBeginAnew) {
  // SGD without momentum leaves nothing but a step number, which is no step of Adam's bias correction.
  std::vector<double> theta{1}, other{1};
  const std::vector<double> gradient{1};
  for (const StepCount count : {StepCount::per_parameter, StepCount::per_row}) {
    Optimizer optimizer(SGD{.lr = 0}, {.step_count = count}), fresh(Nadam{}, {.step_count = count});
    const Group nadam = optimizer.add_group("nadam", Nadam{});
    const Handle handle = optimizer.add("theta", theta);
    fresh.add("other", other);
    for (int step = 0; step < 5; ++step) optimizer.step({{handle, gradient}});
    optimizer.move(handle, nadam);
    for (int step = 0; step < 2; ++step) {
      optimizer.step({{handle, gradient}});
      fresh.step({{"other", gradient}});
    }
    EXPECT_EQ(theta, other);
  }
}

TEST(MixedStates, GoOnFromAFile) {
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    const Settings settings{.step_count = count, .clip = {ClipBy::global_norm, 3}};
    Mixed<float> whole(settings), first(settings), second(settings);
    for (std::uint32_t number = 0; number < 4; ++number) whole.step(number);
    for (std::uint32_t number = 0; number < 2; ++number) first.step(number);
    for (std::size_t i = 0; i < 4; ++i) std::ranges::copy(first.thetas[i], second.thetas[i].begin());
    second.optimizer.load(safetensors::from_bytes(safetensors::to_bytes(first.optimizer.state()), "state"));
    for (std::uint32_t number = 2; number < 4; ++number) second.step(number);
    EXPECT_EQ(second.thetas, whole.thetas);
    EXPECT_EQ(safetensors::to_bytes(second.optimizer.state()), safetensors::to_bytes(whole.optimizer.state()));
  }
}

TEST(MixedStates, EveryRuleIntoEveryOther) {
  const auto family = [](const RuleInfo& rule) { return engine_rule(rule).family; };
  for (const Sample& from : samples()) {
    std::vector<float> theta(3, 1);
    Optimizer saved(SGD{});
    saved.add("theta", theta, saved.add_group("other", parse_options(from.options)));
    saved.step({{"theta", std::vector<float>(3, 1)}});
    const State state = saved.state();
    for (const Sample& to : samples()) {
      SCOPED_TRACE(from.rule() + " into " + to.rule());
      std::vector<float> its(3, 1);
      Optimizer loaded(SGD{});
      const Group group = loaded.add_group("other", Options::of(to.rule()));
      const Handle handle = loaded.add("theta", its, group);
      if (family(rule(from.rule())) == family(rule(to.rule()))) {
        loaded.load(state);
        EXPECT_EQ(loaded.options(group).rule().name, to.rule());
        EXPECT_EQ(loaded.options(group).values(), parse_options(from.options).values());
        EXPECT_EQ(loaded.step_number(handle), 1);
      } else {
        EXPECT_EQ(error_of([&] { loaded.load(state); }),
                  "state: group \"other\" is of rule " + from.rule() + ", the optimizer's is " + to.rule());
        EXPECT_EQ(loaded.step_number(handle), 0);
      }
    }
  }
}

TEST(MixedStates, PartsOfOthers) {
  // The state has groups "a" of RMSprop and "b" of AdamW.
  std::vector<float> theta(2, 1), other(2, 1);
  const std::vector<float> gradient(2, 1);
  Optimizer saved(SGD{});
  saved.add("theta", theta, saved.add_group("a", RMSprop{.lr = 0.5}));
  saved.add("other", other, saved.add_group("b", AdamW{.lr = 0.5}));
  saved.step({{"theta", gradient}, {"other", gradient}});
  const State state = saved.state();
  const LoadOptions both{LoadOptions::Missing::keep, LoadOptions::Unknown::ignore};
  {  // a group that is not in the state keeps its rule and options; one that is not here is left out
    Optimizer loaded(SGD{});
    std::vector<float> one(2, 1), two(2, 1);
    const Handle mine = loaded.add("theta", one, loaded.add_group("a", RMSprop{}));
    const Group adagrad = loaded.add_group("c", Adagrad{.lr = 0.125});
    const Handle kept = loaded.add("mine", two, adagrad);
    const LoadReport report = loaded.load(state, both);
    EXPECT_THAT(report.kept, ElementsAre("mine"));
    EXPECT_THAT(report.ignored, ElementsAre("other"));
    EXPECT_EQ(loaded.lr(adagrad), 0.125);
    EXPECT_EQ(loaded.lr(loaded.group_of(mine)), 0.5);
    EXPECT_EQ(loaded.step_number(mine), 1);
    EXPECT_EQ(loaded.step_number(kept), 0);
    loaded.step({{"theta", gradient}, {"mine", gradient}});
  }
  {  // a parameter whose group is left out stays in its own, which must understand its state
    Optimizer loaded(SGD{});
    std::vector<float> one(2, 1);
    const Handle handle = loaded.add("other", one, loaded.add_group("c", Adagrad{}));
    EXPECT_THAT(error_of([&] { loaded.load(state, both); }),
                HasSubstr("parameter \"other\" has state of adam, its group's rule here is adagrad"));
    EXPECT_EQ(loaded.step_number(handle), 0);
    Optimizer fits(SGD{});
    const Group group = fits.add_group("c", AMSGrad{});
    const Handle its = fits.add("other", one, group);
    EXPECT_THAT(fits.load(state, both).ignored, ElementsAre("theta"));
    EXPECT_EQ(fits.step_number(its), 1);
    EXPECT_EQ(fits.group_of(its), group);
  }
}

}  // namespace
}  // namespace thalweg::tests
