// Check: what off, detect and guard do about gradients that are not finite, or too large, at every place of a step.
#include "engine/numbers.h"
#include "engine/state_head.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/adagrad.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kSeed = 23;
template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
/// Finite, but its square is not.
template <class T>
constexpr T kHuge = sizeof(T) == 4 ? T(1e20) : T(1e200);

/// Four tensors of sizes that cut a step everywhere: below a vector, one block and more, several threads' pieces.
template <class T>
struct Tensors {
  static constexpr std::size_t kSizes[] = {3, 4097, 130'000, 70};
  static constexpr const char* kNames[] = {"tiny", "block", "large", "last"};

  Tensors(const Options& options, Settings settings, Execution execution = {})
      : optimizer(options, std::move(settings), std::move(execution)) {
    for (std::size_t i = 0; i < 4; ++i) {
      thetas.push_back(random_numbers<T>(kSizes[i], kSeed, "theta", static_cast<std::uint32_t>(i)));
      gradients.push_back(random_numbers<T>(kSizes[i], kSeed, "gradient", static_cast<std::uint32_t>(i)));
    }
    for (std::size_t i = 0; i < 4; ++i) handles.push_back(optimizer.add(kNames[i], thetas[i]));
  }

  StepReport step() {
    std::vector<Gradient> list;
    for (std::size_t i = 4; i-- > 0;) list.emplace_back(handles[i], gradients[i]);
    return optimizer.step(list);
  }

  std::vector<std::vector<T>> thetas, gradients;
  std::vector<Handle> handles;
  Optimizer optimizer;
};

struct Place {
  std::size_t tensor, element;
};

/// First and last elements, both sides of a block's, a piece's and a thread's boundaries.
constexpr Place kPlaces[] = {{0, 0},      {0, 2},      {1, 4095},   {1, 4096},    {2, 0}, {2, 1023}, {2, 1024},
                             {2, 16'383}, {2, 16'384}, {2, 65'537}, {2, 129'999}, {3, 0}, {3, 69}};

template <class T>
class Checks : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Checks, Types);

TYPED_TEST(Checks, DetectTellsAfterTheStep) {
  using T = TypeParam;
  for (const int threads : {1, 3}) {
    Tensors<T> tensors(RMSprop{}, {.check = Check::detect}, {.threads = threads});
    ASSERT_EQ(tensors.step().non_finite, 0u);
    ASSERT_THAT(tensors.optimizer.report().first_non_finite, IsEmpty());
    for (const Place& place : kPlaces) {
      for (const T bad : {kNaN<T>, kInfinity<T>, -kInfinity<T>}) {
        SCOPED_TRACE(std::string(Tensors<T>::kNames[place.tensor]) + ", " + std::to_string(place.element));
        T& element = tensors.gradients[place.tensor][place.element];
        const T good = std::exchange(element, bad);
        const StepReport report = tensors.step();
        EXPECT_TRUE(report.applied());
        EXPECT_EQ(report.non_finite, 1u);
        EXPECT_EQ(report.first_non_finite, Tensors<T>::kNames[place.tensor]);
        element = good;
      }
      EXPECT_TRUE(std::isnan(tensors.thetas[place.tensor][place.element]));
    }
    EXPECT_EQ(tensors.optimizer.step_number(tensors.handles[0]), 1 + 3 * static_cast<std::int64_t>(std::size(kPlaces)));
    EXPECT_EQ(tensors.optimizer.refused_steps(), 0);
  }
}

TYPED_TEST(Checks, DetectCountsAllOfThemAndNamesTheFirst) {
  using T = TypeParam;
  Tensors<T> tensors(SGD{}, {.check = Check::detect});
  for (const Place& place : kPlaces) {
    if (place.tensor != 0) tensors.gradients[place.tensor][place.element] = kNaN<T>;
  }
  tensors.step();
  EXPECT_EQ(tensors.optimizer.report().non_finite, std::size(kPlaces) - 2);
  EXPECT_EQ(tensors.optimizer.report().first_non_finite, "block") << "in the order of the parameters";
  const std::vector<std::int64_t> rows{22, 22, 1};
  const std::vector<T> values{1, kNaN<T>, 2, 3, kInfinity<T>, kInfinity<T>};
  const StepReport report = tensors.optimizer.step({{"last", Rows<T>{rows, values}}});
  EXPECT_EQ(report.non_finite, 3u) << "summed rows";
  EXPECT_EQ(report.first_non_finite, "last");
}

TYPED_TEST(Checks, OffLetsEverythingThrough) {
  using T = TypeParam;
  Tensors<T> off(RMSprop{}, {.check = Check::off}), detect(RMSprop{}, {.check = Check::detect});
  for (Tensors<T>* tensors : {&off, &detect}) {
    tensors->gradients[1][4095] = kNaN<T>;
    tensors->gradients[2][0] = kHuge<T>;
    tensors->step();
  }
  EXPECT_TRUE(off.optimizer.report().applied());
  EXPECT_EQ(off.optimizer.report().non_finite, 0u);
  EXPECT_THAT(off.optimizer.report().first_non_finite, IsEmpty());
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(first_bit_difference<T>(off.thetas[i], detect.thetas[i]), "") << "detecting changes no bit";
  }
}

TYPED_TEST(Checks, GuardRefusesAndChangesNothing) {
  using T = TypeParam;
  for (const int threads : {1, 3}) {
    Tensors<T> tensors(Adam{}, {.average = {.kind = AverageKind::ema}, .check = Check::guard}, {.threads = threads});
    ASSERT_TRUE(tensors.step().applied());
    const std::vector<std::byte> before = bytes_but_refused(tensors.optimizer);
    const std::vector<std::vector<T>> thetas = tensors.thetas;
    const std::size_t bytes = tensors.optimizer.state_bytes();
    std::int64_t refused = 0;
    for (const Place& place : kPlaces) {
      for (const T bad : {kNaN<T>, kInfinity<T>, -kInfinity<T>, kHuge<T>, -kHuge<T>}) {
        SCOPED_TRACE(std::string(Tensors<T>::kNames[place.tensor]) + ", " + std::to_string(place.element));
        T& element = tensors.gradients[place.tensor][place.element];
        const T good = std::exchange(element, bad);
        const StepReport report = tensors.step();
        const bool finite = std::isfinite(bad);
        EXPECT_EQ(report.outcome, finite ? Outcome::overflow : Outcome::non_finite);
        EXPECT_EQ(report.non_finite, finite ? 0u : 1u);
        EXPECT_EQ(report.first_non_finite, finite ? "" : Tensors<T>::kNames[place.tensor]);
        EXPECT_THAT(report.refused, AllOf(HasSubstr(std::string("gradient of \"") + Tensors<T>::kNames[place.tensor]),
                                          HasSubstr("element " + std::to_string(place.element))));
        EXPECT_EQ(tensors.optimizer.refused_steps(), ++refused);
        element = good;
      }
    }
    EXPECT_EQ(bytes_but_refused(tensors.optimizer), before);
    EXPECT_EQ(tensors.thetas, thetas);
    EXPECT_EQ(tensors.optimizer.state_bytes(), bytes);
    // And it goes on as if nothing had been.
    Tensors<T> other(Adam{}, {.average = {.kind = AverageKind::ema}, .check = Check::off});
    for (int step = 0; step < 2; ++step) other.step();
    other.optimizer.set_check(Check::guard);  // which the state says
    tensors.step();
    EXPECT_EQ(bytes_but_refused(tensors.optimizer), bytes_but_refused(other.optimizer));
    EXPECT_EQ(tensors.thetas, other.thetas);
  }
}

TYPED_TEST(Checks, ARefusedFirstStepMakesNoColumns) {
  using T = TypeParam;
  Tensors<T> tensors(RMSprop{.momentum = 0.9}, {.average = {.kind = AverageKind::mean}, .check = Check::guard});
  const State before = tensors.optimizer.state();
  tensors.gradients[3][69] = kNaN<T>;
  EXPECT_FALSE(tensors.step().applied());
  EXPECT_EQ(tensors.optimizer.state_bytes(), 0u);
  EXPECT_THAT(tensors.optimizer.state().tensors, IsEmpty());
  EXPECT_THAT(tensors.optimizer.template average<T>(tensors.handles[0]), IsEmpty());
  tensors.gradients[3][69] = 1;
  EXPECT_TRUE(tensors.step().applied());
  EXPECT_GT(tensors.optimizer.state_bytes(), 0u);
}

TYPED_TEST(Checks, TheGuardSeesExactlyWhatOverflows) {
  // Around the root of the largest number, element by element: refused is what would make v infinite.
  using T = TypeParam;
  const T root = std::sqrt(std::numeric_limits<T>::max());
  int refused = 0, taken = 0;
  for (const Options& options : {Options(RMSprop{}), Options(Adam{}), Options(Adagrad{})}) {
    for (const double scale : {1.0, 3.0, 0.7}) {
      for (const Clip& clip : {Clip{}, Clip{ClipBy::value, static_cast<double>(root)}, Clip{ClipBy::norm, 1}}) {
        T value = root * static_cast<T>(scale);
        for (int down = 0; down < 3; ++down) value = std::nextafter(value, T(0));
        for (int i = 0; i < 6; ++i, value = std::nextafter(value, kInfinity<T>)) {
          std::vector<T> open(2), guarded(2);
          const std::vector<T> gradient{T(1), i % 2 == 0 ? value : -value};
          const Settings settings{.loss_scale = scale, .clip = clip};
          Settings off = settings, guard = settings;
          off.check = Check::off;
          guard.check = Check::guard;
          Optimizer without(options, off), with(options, guard);
          const Handle handle = without.add("theta", open);
          with.add("theta", guarded);
          without.step({{"theta", gradient}});
          const bool infinite = std::isinf(without.column<T>(handle, "v")[1]);
          const StepReport report = with.step({{"theta", gradient}});
          EXPECT_EQ(report.outcome, infinite ? Outcome::overflow : Outcome::applied)
              << options.text() << ", loss scale " << scale << ", clip " << to_string(clip.by) << ", number " << i;
          ++(infinite ? refused : taken);
        }
      }
    }
  }
  EXPECT_GT(refused, 10);
  EXPECT_GT(taken, 60);
}

TYPED_TEST(Checks, SquaresThatNoColumnKeepsDoNotOverflow) {
  using T = TypeParam;
  Tensors<T> tensors(SGD{.lr = 0, .momentum = 0.9}, {.check = Check::guard});
  tensors.gradients[2][70'000] = kHuge<T>;
  EXPECT_TRUE(tensors.step().applied());
  // Nor do those of one group forbid what the other's rule may take.
  std::vector<T> a{0}, b{0};
  Optimizer optimizer(SGD{}, {.check = Check::guard});
  optimizer.add("a", a);
  optimizer.add("b", b, optimizer.add_group("squares", RMSprop{}));
  const std::vector<T> one{1}, huge{kHuge<T>};
  EXPECT_TRUE(optimizer.step({{"a", huge}, {"b", one}}).applied());
  EXPECT_EQ(optimizer.step({{"a", one}, {"b", huge}}).outcome, Outcome::overflow);
}

TEST(Check, MayChangeBetweenSteps) {
  std::vector<double> theta{1};
  Optimizer optimizer(SGD{.lr = 1}, {.check = Check::guard});
  optimizer.add("theta", theta);
  const std::vector<double> nan{kNaN<double>}, one{1};
  EXPECT_FALSE(optimizer.step({{"theta", nan}}).applied());
  optimizer.set_check(Check::off);
  EXPECT_EQ(optimizer.settings().check, Check::off);
  EXPECT_TRUE(optimizer.step({{"theta", one}}).applied());
  EXPECT_EQ(theta[0], 0);
  EXPECT_EQ(optimizer.refused_steps(), 1);
  optimizer.set_check(Check::guard);
  EXPECT_EQ(optimizer.step({{"theta", nan}}).outcome, Outcome::non_finite);
  EXPECT_EQ(optimizer.refused_steps(), 2);
  Optimizer other(SGD{});
  other.add("theta", theta);
  other.load(optimizer.state());
  EXPECT_EQ(other.refused_steps(), 2) << "the count is saved";
}

}  // namespace
}  // namespace thalweg::tests
