// Clipping, loss scale and gradient norms: definitions, extreme sizes, bits, and errors.
#include "engine/numbers.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr std::uint64_t kSeed = 11;

/// What a step makes of the gradients: −θ of SGD with η = 1 from θ = 0.
template <class T>
std::vector<std::vector<T>> clipped(const Settings& settings, const std::vector<std::vector<T>>& gradients,
                                    std::optional<double>* norm = nullptr) {
  std::vector<std::vector<T>> thetas;
  for (const std::vector<T>& gradient : gradients) thetas.emplace_back(gradient.size());
  Optimizer optimizer(SGD{.lr = 1}, settings);
  std::vector<Gradient> list;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    list.emplace_back(optimizer.add(std::to_string(i), thetas[i]), gradients[i]);
  }
  optimizer.step(list);
  if (norm != nullptr) *norm = optimizer.report().gradient_norm;
  for (std::vector<T>& theta : thetas) {
    for (T& x : theta) x = -x;
  }
  return thetas;
}

TEST(Clip, ByValue) {
  EXPECT_THAT(clipped<double>({.clip = {ClipBy::value, 2}}, {{-3, -2, -1, 0}, {1, 2, 3, 1e300}}),
              ElementsAre(ElementsAre(-2, -2, -1, 0), ElementsAre(1, 2, 2, 2)));
}

TEST(Clip, ByEachNorm) {
  EXPECT_THAT(clipped<double>({.clip = {ClipBy::norm, 2.5}}, {{3, 4}, {0.3, 0.4}, {0, 0}}),
              ElementsAre(ElementsAre(1.5, 2), ElementsAre(0.3, 0.4), ElementsAre(0, 0)));
}

TEST(Clip, ByTheGlobalNorm) {
  std::optional<double> norm;
  EXPECT_THAT(clipped<double>({.clip = {ClipBy::global_norm, 6.5}}, {{3}, {4, 12}}, &norm),
              ElementsAre(ElementsAre(1.5), ElementsAre(2, 6)));
  EXPECT_THAT(norm, Optional(DoubleNear(13, 1e-14)));
}

TEST(Clip, WithEpsAsPyTorch) {
  // clip_grad_norm_: max_norm / (total_norm + 1e-6), at most 1.
  const double share = 2.0 / (5 + 1e-6);
  EXPECT_THAT(clipped<double>({.clip = {ClipBy::global_norm, 2, 1e-6}}, {{3}, {4}}),
              ElementsAre(ElementsAre(3 * share), ElementsAre(4 * share)));
  EXPECT_THAT(clipped<double>({.clip = {ClipBy::global_norm, 5, 1e-6}}, {{3}, {4}}),
              ElementsAre(ElementsAre(3 * 5 / (5 + 1e-6)), ElementsAre(4 * 5 / (5 + 1e-6))))
      << "the norm is the limit, and yet it is clipped a little";
}

TEST(Clip, ComesAfterTheLossScale) {
  std::optional<double> norm;
  EXPECT_THAT(clipped<double>({.loss_scale = 4, .clip = {ClipBy::value, 2}}, {{4, 8, 16}}, &norm),
              ElementsAre(ElementsAre(1, 2, 2)));
  EXPECT_EQ(norm, std::nullopt) << "it was not needed";
  EXPECT_THAT(clipped<double>({.loss_scale = 4, .clip = {ClipBy::global_norm, 2.5}}, {{12, 16}}, &norm),
              ElementsAre(ElementsAre(1.5, 2)));
  EXPECT_THAT(norm, Optional(5));
  EXPECT_THAT(clipped<double>({.loss_scale = 4}, {{12, 16}}), ElementsAre(ElementsAre(3, 4)));
}

TEST(Clip, ComesBeforeAscentAndDecay) {
  std::vector<double> theta{10};
  Optimizer optimizer(SGD{.lr = 1, .weight_decay = 0.5, .maximize = true}, {.clip = {ClipBy::value, 1}});
  optimizer.add("theta", theta);
  optimizer.step({{"theta", std::vector<double>{7}}});
  EXPECT_EQ(theta[0], 10 - (-1 + 0.5 * 10));
}

template <class T>
class ClipNorms : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(ClipNorms, Types);

TYPED_TEST(ClipNorms, WithinTheLimitNoBitChanges) {
  using T = TypeParam;
  const std::vector<std::vector<T>> gradients{random_numbers<T>(1000, kSeed, "a"), random_numbers<T>(77, kSeed, "b")};
  for (const ClipBy by : {ClipBy::value, ClipBy::norm, ClipBy::global_norm}) {
    const auto same = clipped<T>({.clip = {by, 1e6}}, gradients);
    EXPECT_EQ(same, gradients) << to_string(by);
  }
}

TYPED_TEST(ClipNorms, AreExactAtAnySize) {
  // Squares overflow or vanish in the parameter's own type.
  using T = TypeParam;
  const bool f32 = std::is_same_v<T, float>;
  for (const double size : {f32 ? 1e-44 : 1e-320, f32 ? 1e-30 : 1e-200, 1e-10, 1.0, 1e10, f32 ? 1e30 : 1e200}) {
    const auto small = static_cast<T>(size);
    const double exact = 5 * static_cast<double>(small);
    std::optional<double> norm;
    const auto all = clipped<T>({.clip = {ClipBy::global_norm, exact / 2}},
                                {{static_cast<T>(3 * small)}, {static_cast<T>(4 * small), T{0}}}, &norm);
    EXPECT_THAT(norm, Optional(DoubleNear(exact, 1e-7 * exact))) << size;
    if (size > 1e-20) {
      EXPECT_NEAR(static_cast<double>(all[0][0]) / static_cast<double>(small), 1.5, 1e-6) << size;
    }
    const auto each =
        clipped<T>({.clip = {ClipBy::norm, exact / 2}}, {{static_cast<T>(3 * small), static_cast<T>(4 * small)}});
    if (size > 1e-20) {
      EXPECT_NEAR(static_cast<double>(each[0][1]) / static_cast<double>(small), 2, 1e-6) << size;
    }
  }
}

TYPED_TEST(ClipNorms, AgreeWithPlainSumsAtEveryLength) {
  using T = TypeParam;
  for (const std::size_t count : {0u, 1u, 2u, 31u, 32u, 33u, 63u, 65u, 4095u, 4096u, 4097u, 8192u, 12289u}) {
    const std::vector<T> gradient = random_numbers<T>(count, kSeed, "gradient", static_cast<std::uint32_t>(count));
    long double sum = 0;
    for (const T g : gradient) sum += static_cast<long double>(g) * static_cast<long double>(g);
    const auto exact = static_cast<double>(std::sqrt(sum));
    std::optional<double> norm;
    clipped<T>({.clip = {ClipBy::global_norm, 1}}, {gradient}, &norm);
    EXPECT_THAT(norm, Optional(DoubleNear(exact, 1e-14 * exact))) << count;
  }
}

TYPED_TEST(ClipNorms, HaveTheSameBitsEverywhere) {
  // On every instruction set, with any number of threads, and in any order of the gradients.
  using T = TypeParam;
  const std::vector<T> left = random_numbers<T>(150'001, kSeed, "left"),
                       right = random_numbers<T>(70'007, kSeed, "right");
  std::vector<std::string> backends = cpu_targets();
  backends.push_back("reference");
  for (const ClipBy by : {ClipBy::norm, ClipBy::global_norm}) {
    std::optional<double> norm;
    std::vector<T> first;
    for (const std::string& backend : backends) {
      for (const int threads : {1, 2, 3, 8}) {
        for (const bool turned : {false, true}) {
          std::vector<T> a(left.size()), b(right.size());
          Optimizer optimizer(SGD{.lr = 1}, {.clip = {by, 0.5}}, {.threads = threads, .backend = backend});
          optimizer.add("a", a);
          optimizer.add("b", b);
          if (turned) {
            optimizer.step({{"b", right}, {"a", left}});
          } else {
            optimizer.step({{"a", left}, {"b", right}});
          }
          a.insert(a.end(), b.begin(), b.end());
          if (first.empty()) {
            first = a;
            norm = optimizer.report().gradient_norm;
          }
          EXPECT_EQ(optimizer.report().gradient_norm, norm) << backend << ", " << threads << " threads";
          if (std::is_same_v<T, double> || backend != "reference") {
            EXPECT_EQ(first_bit_difference<T>(a, first), "") << backend << ", " << threads << " threads";
          }
        }
      }
    }
  }
}

TYPED_TEST(ClipNorms, LetWhatIsNotFiniteThrough) {
  using T = TypeParam;
  constexpr T kInfinity = std::numeric_limits<T>::infinity(), kNaN = std::numeric_limits<T>::quiet_NaN();
  for (const ClipBy by : {ClipBy::norm, ClipBy::global_norm}) {
    const auto infinite = clipped<T>({.clip = {by, 1}}, {{kInfinity, T{2}}});
    EXPECT_TRUE(std::isnan(infinite[0][0]));
    EXPECT_EQ(infinite[0][1], 0);
    const auto nan = clipped<T>({.clip = {by, 1}}, {{kNaN, T{2}}, {T{3}}});
    EXPECT_TRUE(std::isnan(nan[0][0]));
    EXPECT_TRUE(std::isnan(nan[0][1]));
    EXPECT_EQ(std::isnan(nan[1][0]), by == ClipBy::global_norm) << "the other parameter";
  }
  const auto value = clipped<T>({.clip = {ClipBy::value, 1}}, {{kInfinity, -kInfinity, kNaN}});
  EXPECT_EQ(value[0][0], 1);
  EXPECT_EQ(value[0][1], -1);
  EXPECT_TRUE(std::isnan(value[0][2]));
}

TEST(Clip, CountsSummedRowsAndBothTypes) {
  std::vector<float> table(4);
  std::vector<double> other(1);
  Optimizer optimizer(SGD{.lr = 1}, {.clip = {ClipBy::global_norm, 6.5}});
  optimizer.add("table", table);
  optimizer.add("other", other);
  const std::vector<std::int64_t> rows{1, 1};
  const std::vector<float> values{1, 5, 2, 7};  // summed: 3, 12
  optimizer.step({{"table", Rows<float>{rows, values}}, {"other", std::vector<double>{4}}});
  EXPECT_THAT(optimizer.report().gradient_norm, Optional(13));
  EXPECT_THAT(table, ElementsAre(0, 0, -1.5f, -6));
  EXPECT_THAT(other, ElementsAre(-2));
}

TEST(Clip, MayChangeAndIsSaved) {
  std::vector<double> theta(1), other(1);
  Optimizer optimizer(SGD{.lr = 1}, {.loss_scale = 2, .clip = {ClipBy::value, 1}}), loaded(SGD{});
  optimizer.add("theta", theta);
  loaded.add("theta", other);
  optimizer.step({{"theta", std::vector<double>{10}}});
  EXPECT_EQ(theta[0], -1);
  optimizer.set_clip({ClipBy::global_norm, 3, 0.5});
  loaded.load(optimizer.state());
  EXPECT_EQ(loaded.settings().clip, optimizer.settings().clip);
  EXPECT_EQ(loaded.settings().loss_scale, 2);
  for (Optimizer* one : {&optimizer, &loaded}) one->step({{"theta", std::vector<double>{11}}});
  EXPECT_EQ(theta[0], -1 - 3 / 6.0 * 5.5);
  EXPECT_EQ(other[0], -3 / 6.0 * 5.5);
  optimizer.set_clip({});
  optimizer.step({{"theta", std::vector<double>{11}}});
  EXPECT_EQ(optimizer.report().gradient_norm, std::nullopt);
}

TEST(Clip, RefusesWhatIsOutsideItsRange) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Optimizer optimizer(SGD{}, {.clip = {ClipBy::value, 3}});
  for (const double limit : {0.0, -1.0, kInfinity, std::nan("")}) {
    EXPECT_THAT(error_of([&] {
                  optimizer.set_clip({ClipBy::norm, limit});
                }),
                AllOf(HasSubstr("clip: limit = "), HasSubstr("is outside (0, ")));
  }
  for (const double eps : {-1.0, kInfinity, std::nan("")}) {
    EXPECT_THAT(error_of([&] { optimizer.set_clip({ClipBy::norm, 1, eps}); }), HasSubstr("clip: eps = "));
  }
  EXPECT_EQ(optimizer.settings().clip, (Clip{ClipBy::value, 3}));
  EXPECT_THAT(error_of([&] { Optimizer(SGD{}, {.clip = {ClipBy::value, -3}}); }), HasSubstr("= -3 is outside"));
  for (const double scale : {0.0, -2.0, kInfinity, std::nan("")}) {
    EXPECT_THAT(error_of([&] { Optimizer(SGD{}, {.loss_scale = scale}); }), HasSubstr("loss_scale = "));
  }
}

TEST(Clip, TheGuardComesFirst) {
  std::vector<float> theta{1};
  Optimizer optimizer(RMSprop{}, {.clip = {ClipBy::global_norm, 1}, .check = Check::guard});
  optimizer.add("theta", theta);
  EXPECT_THAT(optimizer.step({{"theta", std::vector<float>{std::nanf("")}}}).refused, HasSubstr("element 0 is nan"));
  optimizer.step({{"theta", std::vector<float>{3e38f}}});
  EXPECT_THAT(optimizer.report().gradient_norm, Optional(static_cast<double>(3e38f)));
}

}  // namespace
}  // namespace thalweg::tests
