// Rules with sums: values against plain loops, bits on every thread and target, steps that are refused, states.
#include "engine/numbers.h"
#include "engine/state_head.h"
#include "engine/summing.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#define THALWEG_OWN_RULE tests::Summing
#define THALWEG_OWN_RULE_FORMULA "engine/summing-inl.h"
#include <thalweg/own_rule.h>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kSeed = 41;

const std::vector<Shape>& every_shape() {
  static const std::vector<Shape> all{{5, 7}, {3, 4, 5}, {130, 33}, {2, 20'000}, {2, 1, 2, 3, 9}, {10}, {}, {0, 3}};
  return all;
}

/// A tensor of each shape.
template <class T>
struct Tensors {
  explicit Tensors(Settings settings = {}, const Summing& options = {},
                   const std::vector<Shape>& shapes = every_shape(), Execution execution = {})
      : optimizer((add_rule<Summing>(), Options(options)), std::move(settings), std::move(execution)) {
    thetas.reserve(shapes.size());
    for (std::uint32_t i = 0; i < shapes.size(); ++i) {
      thetas.push_back(random_numbers<T>(shapes[i].elements(), kSeed, "theta", i));
      handles.push_back(optimizer.add(std::to_string(i), thetas[i], shapes[i]));
    }
  }

  std::vector<T> gradient(std::size_t i, std::uint32_t number) const {
    return random_numbers<T>(thetas[i].size(), kSeed + i, "gradient", number);
  }

  StepReport step(std::uint32_t number, bool turned = false) {
    std::vector<std::vector<T>> gradients;
    std::vector<Gradient> list;
    for (std::size_t i = 0; i < thetas.size(); ++i) gradients.push_back(gradient(i, number));
    for (std::size_t i = 0; i < thetas.size(); ++i) {
      const std::size_t which = turned ? thetas.size() - 1 - i : i;
      list.emplace_back(handles[which], gradients[which]);
    }
    return optimizer.step(list, 0.5 + number);
  }

  std::vector<std::vector<T>> thetas;
  std::vector<Handle> handles;
  Optimizer optimizer;
};

template <class T>
class Sums : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Sums, Types);

TYPED_TEST(Sums, AgreeWithPlainLoops) {
  using T = TypeParam;
  for (const std::string& backend : every_backend()) {
    Tensors<T> tensors({}, {}, every_shape(), {.threads = 2, .backend = backend});
    std::vector<PlainTensor> plain;
    for (std::size_t i = 0; i < every_shape().size(); ++i) {
      plain.emplace_back(every_shape()[i], to_double<T>(tensors.thetas[i]));
    }
    double d = 1;
    for (std::uint32_t number = 0; number < 3; ++number) {
      std::vector<std::vector<double>> gradients;
      for (std::size_t i = 0; i < plain.size(); ++i) gradients.push_back(to_double<T>(tensors.gradient(i, number)));
      ASSERT_TRUE(plain_step({}, plain, gradients, d, 0.5 + number));
      ASSERT_TRUE(tensors.step(number).applied());
    }
    for (std::size_t i = 0; i < plain.size(); ++i) {
      SCOPED_TRACE(backend + ", shape " + every_shape()[i].text());
      const auto column = [&](const char* name) {
        return tensors.optimizer.template column<T>(tensors.handles[i], name);
      };
      EXPECT_EQ(first_difference<T>(tensors.thetas[i], plain[i].theta, tolerance<T>), "");
      EXPECT_EQ(first_difference<T>(column("m"), plain[i].m, tolerance<T>), "");
      EXPECT_EQ(first_difference<T>(column("r"), plain[i].r, tolerance<T>), "");
      EXPECT_EQ(first_difference<T>(column("k"), plain[i].k, tolerance<T>), "");
      EXPECT_EQ(first_difference<T>(column("t"), std::vector{plain[i].t}, tolerance<T>), "");
      EXPECT_EQ(tensors.optimizer.step_number(tensors.handles[i]), plain[i].steps);
    }
  }
}

TYPED_TEST(Sums, HaveTheSameBitsEverywhere) {
  using T = TypeParam;
  const std::vector<Shape> large{{300, 300}, {20'001}, {2, 17'000}, {5, 5}};
  std::vector<std::vector<T>> first;
  std::vector<std::string> targets = cpu_targets();
  if (std::is_same_v<T, double>) targets.emplace_back("reference");
  for (const std::string& backend : targets) {
    for (const int threads : {1, 2, 3, 8}) {
      if (threads > 2 && backend != targets.front()) continue;
      Tensors<T> tensors({}, {}, large, {.report = Reporting::totals, .threads = threads, .backend = backend});
      for (std::uint32_t number = 0; number < 2; ++number) tensors.step(number, threads % 2 == 0);
      if (first.empty()) first = tensors.thetas;
      for (std::size_t i = 0; i < large.size(); ++i) {
        EXPECT_EQ(first_bit_difference<T>(tensors.thetas[i], first[i]), "") << backend << ", " << threads << ", " << i;
      }
    }
  }
}

TYPED_TEST(Sums, ATensorMayTakeNoStep) {
  using T = TypeParam;
  Tensors<T> tensors({.average = {.kind = AverageKind::mean}}, {}, {{2, 3}, {4}}, {.report = Reporting::parameters});
  tensors.step(0);
  const std::vector<std::vector<T>> thetas = tensors.thetas;
  const std::vector<T> zero(6), ones(4, 1);
  const StepReport report = tensors.optimizer.step({{"0", zero}, {"1", ones}}, 1.0);
  EXPECT_TRUE(report.applied());
  EXPECT_EQ(tensors.thetas[0], thetas[0]);
  EXPECT_NE(tensors.thetas[1], thetas[1]);
  EXPECT_EQ(tensors.optimizer.step_number(tensors.handles[0]), 1);
  EXPECT_EQ(tensors.optimizer.step_number(tensors.handles[1]), 2);
  EXPECT_EQ(first_bit_difference<T>(tensors.optimizer.template average<T>(tensors.handles[0]), thetas[0]), "");
  EXPECT_EQ(report.gradient_norm, 2.0);
  ASSERT_THAT(report.parameters, SizeIs(2));
  EXPECT_EQ(report.parameters[0].zero_share, 1);
  EXPECT_EQ(report.parameters[0].update_norm, 0);
  EXPECT_EQ(report.parameters[1].gradient_norm, 2);
}

TYPED_TEST(Sums, ATensorThatTakesNoStepIsLookedAtAllTheSame) {
  // Squares so small that their sum is 0, beside a NaN in another tensor.
  using T = TypeParam;
  Tensors<T> tensors({}, {}, {{2}, {2}}, {.report = Reporting::totals});
  const T tiny = std::is_same_v<T, float> ? T(1e-30f) : T(1e-200);
  const StepReport report = tensors.optimizer.step({{"0", std::vector<T>{tiny, 0}}, {"1", std::vector<T>{0, 0}}}, 1.0);
  EXPECT_EQ(report.gradient_norm, static_cast<double>(tiny));
}

TYPED_TEST(Sums, OverAllMayForbidTheStep) {
  using T = TypeParam;
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    Tensors<T> tensors({.step_count = count, .average = {.kind = AverageKind::ema}}, {.most = 100}, {{2, 3}, {4}});
    const std::vector<T> large(6, 1), small{1, 2, 3, 4};
    ASSERT_TRUE(tensors.optimizer.step({{"0", large}, {"1", small}}, 1.0).applied());
    tensors.optimizer.set("most", 3);
    const std::vector<std::vector<T>> thetas = tensors.thetas;
    const std::vector<std::byte> before = bytes_but_refused(tensors.optimizer);
    const StepReport report = tensors.optimizer.step({{"0", large}, {"1", small}}, 1.0);
    EXPECT_EQ(report.outcome, Outcome::by_rule);
    EXPECT_THAT(report.refused, HasSubstr("sums over all parameters"));
    EXPECT_EQ(tensors.thetas, thetas);
    EXPECT_EQ(bytes_but_refused(tensors.optimizer), before);
    EXPECT_EQ(tensors.optimizer.refused_steps(), 1);
  }
  Tensors<T> fresh({.average = {.kind = AverageKind::ema}}, {.most = 0}, {{2, 3}});
  EXPECT_FALSE(fresh.optimizer.step({{"0", std::vector<T>(6, 1)}}, 1.0).applied());
  EXPECT_EQ(fresh.optimizer.state_bytes(), 0u) << "a refused first step makes no columns";
}

TEST(SumsLoss, IsAskedFor) {
  Tensors<double> tensors({}, {}, {{3}});
  const std::vector<double> gradient(3, 1), before = tensors.thetas[0];
  EXPECT_THAT(error_of([&] {
                tensors.optimizer.step({{"0", gradient}});
              }),
              HasSubstr("summing needs the loss: step(gradients, loss)"));
  for (const double loss : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    EXPECT_THAT(error_of([&] {
                  tensors.optimizer.step({{"0", gradient}}, loss);
                }),
                HasSubstr("step: the loss, which summing needs, is "));
  }
  EXPECT_EQ(tensors.thetas[0], before);
  EXPECT_EQ(tensors.optimizer.step_number(tensors.handles[0]), 0);
  EXPECT_TRUE(tensors.optimizer.step({{"0", gradient}}, 2.0).applied());
}

TEST(SumsRefusals, OfWholeOptimizers) {
  add_rule<Summing>();
  EXPECT_THAT(
      error_of([] { Optimizer(Summing{}, {.step_count = StepCount::per_row}); }),
      AllOf(HasSubstr("StepCount::per_row does not go with summing"), HasSubstr("use StepCount::per_parameter")));
  Optimizer rows(SGD{}, {.step_count = StepCount::per_row});
  EXPECT_THAT(error_of([&] { rows.add_group("sums", Summing{}); }), HasSubstr("does not go with summing"));
  EXPECT_EQ(rows.group_count(), 1u);
  Optimizer mixed(SGD{});
  mixed.add_group("sums", Summing{});
  EXPECT_THAT(error_of([&] { mixed.begin_step(1.0); }),
              HasSubstr("begin_step: summing, which sums over all parameters, must see all gradients first; take the"));
  EXPECT_FALSE(mixed.in_step());
}

TEST(SumsState, IsSavedByNameAndGoesOn) {
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    Tensors<double> whole({.step_count = count}), first({.step_count = count}), second({.step_count = count});
    for (std::uint32_t number = 0; number < 4; ++number) whole.step(number);
    for (std::uint32_t number = 0; number < 2; ++number) first.step(number);
    const State state = first.optimizer.state();
    EXPECT_THAT(state.metadata.at("thalweg"), HasSubstr("\"families\":{\"summing\":{\"d\":"));
    EXPECT_EQ(state.tensors.at("1/r").shape, (std::vector<std::uint64_t>{12}));
    EXPECT_EQ(state.tensors.at("1/k").shape, (std::vector<std::uint64_t>{15}));
    EXPECT_EQ(state.tensors.at("1/t").shape, (std::vector<std::uint64_t>{1}));
    EXPECT_EQ(state.tensors.at("1/m").shape, (std::vector<std::uint64_t>{3, 4, 5}));
    EXPECT_FALSE(state.tensors.contains("5/r")) << "vectors have no rows";
    for (std::size_t i = 0; i < second.thetas.size(); ++i) std::ranges::copy(first.thetas[i], second.thetas[i].begin());
    second.optimizer.load(state);
    for (std::uint32_t number = 2; number < 4; ++number) second.step(number);
    EXPECT_EQ(second.thetas, whole.thetas);
    EXPECT_EQ(safetensors::to_bytes(second.optimizer.state()), safetensors::to_bytes(whole.optimizer.state()));

    State without = state;
    std::string& head = without.metadata.at("thalweg");
    head.replace(head.find("\"families\""), 10, "\"families_\"");
    EXPECT_THAT(error_of([&] { second.optimizer.load(without); }), HasSubstr("families: \"summing\" is missing"));
  }
}

TEST(SumsState, IsOfTheShape) {
  Tensors<double> matrix({}, {}, {{2, 6}}), vector({}, {}, {{12}}), other({}, {}, {{3, 4}});
  matrix.step(0);
  for (Tensors<double>* tensors : {&vector, &other}) {
    EXPECT_THAT(error_of([&] { tensors->optimizer.load(matrix.optimizer.state()); }),
                HasSubstr("parameter \"0\" has shape [2, 6], the optimizer's " + tensors->optimizer.shape({0}).text()));
  }
  EXPECT_THAT(error_of([&] {
                matrix.optimizer.rebind({0}, matrix.thetas[0], Shape{3, 4});
              }),
              HasSubstr("had shape [2, 6] and has [3, 4]: the state of summing is of the shape"));
  // Columns that somebody has looked at before the first step are made anew.
  EXPECT_THAT(other.optimizer.column<double>({0}, "r"), SizeIs(3));
  other.optimizer.rebind({0}, std::span(other.thetas[0]), Shape{12, 1});
  EXPECT_THAT(other.optimizer.column<double>({0}, "r"), SizeIs(12));
  EXPECT_THAT(other.optimizer.column<double>({0}, "k"), ElementsAre(0));
  other.step(0);
  // In another order of the memory there are no rows.
  other.optimizer.remove({0});
  const Handle turned = other.optimizer.add("turned", other.thetas[0], Shape({3, 4}, {1, 3}));
  EXPECT_THAT(other.optimizer.column<double>(turned, "r"), IsEmpty());
  EXPECT_TRUE(other.optimizer.step({{turned, std::vector<double>(12, 1)}}, 1.0).applied());
}

TEST(SumsMixed, LeaveOtherGroupsAlone) {
  std::vector<double> a = random_numbers<double>(30, kSeed, "a"), b = random_numbers<double>(5000, kSeed, "b"), a2 = a,
                      b2 = b;
  add_rule<Summing>();
  Optimizer both(Summing{}), alone(RMSprop{}), sums(Summing{});
  both.add("a", a, {5, 6});
  both.add("b", b, both.add_group("other", RMSprop{}));
  alone.add("b", b2);
  sums.add("a", a2, {5, 6});
  for (std::uint32_t number = 0; number < 3; ++number) {
    const auto ga = random_numbers<double>(30, kSeed, "ga", number),
               gb = random_numbers<double>(5000, kSeed, "gb", number);
    both.step({{"b", gb}, {"a", ga}}, 1.5);
    alone.step({{"b", gb}});
    sums.step({{"a", ga}}, 1.5);
  }
  EXPECT_EQ(a, a2);
  EXPECT_EQ(b, b2);
}

}  // namespace
}  // namespace thalweg::tests
