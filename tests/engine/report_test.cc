// Reports: norms against long doubles, the same bits however they are taken, and what is said of each parameter.
#include "engine/numbers.h"
#include "engine/samples.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

constexpr std::uint64_t kSeed = 53;

template <class T>
long double squares(const std::vector<T>& numbers) {
  long double sum = 0;
  for (const T x : numbers) sum += static_cast<long double>(x) * static_cast<long double>(x);
  return sum;
}

/// What the report must say of a parameter.
struct Exact {
  long double gradient, update, parameter;  // squares
  double zero_share;
};

template <class T>
Exact exact(const std::vector<T>& gradient, const std::vector<T>& before, const std::vector<T>& after) {
  std::vector<double> update(before.size());
  double zeros = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    update[i] = static_cast<double>(after[i]) - static_cast<double>(before[i]);
    zeros += gradient[i] == 0 ? 1 : 0;
  }
  return {squares(gradient), squares(update), squares(after),
          before.empty() ? 0 : zeros / static_cast<double>(before.size())};
}

/// Squares of f32 parameters and updates are summed in f32 within a few hundred elements, all others in double.
constexpr double kNarrow = 1e-6, kWide = 1e-12;

void expect_near(double ours, long double its_squares, double allowed, double divisor = 1) {
  const auto expected = static_cast<double>(std::sqrt(its_squares)) / divisor;
  EXPECT_NEAR(ours, expected, allowed * expected);
}

TEST(Report, AgreesWithLongDoubles) {
  for (const Sample& sample : samples()) {
    for (const Clip& clip : {Clip{}, Clip{ClipBy::norm, 2}, Clip{ClipBy::global_norm, 3}, Clip{ClipBy::value, 1}}) {
      SCOPED_TRACE(sample.rule() + ", clip by " + std::string(to_string(clip.by)));
      std::vector<float> a = random_numbers<float>(5001, kSeed, "a"), none;
      std::vector<double> b = random_numbers<double>(1025, kSeed, "b"), still(3, 1);
      Optimizer optimizer(parse_options(sample.options),
                          {.loss_scale = 4, .clip = clip, .average = {.kind = AverageKind::ema, .overwrite_every = 2}},
                          {.report = Reporting::parameters});
      optimizer.add("a", a);
      optimizer.add("still", still);
      optimizer.add("none", none);
      optimizer.add("b", b);
      for (std::uint32_t number = 0; number < 2; ++number) {
        const std::vector<float> before_a = a, ga = random_numbers<float>(a.size(), kSeed, "ga", number);
        const std::vector<double> before_b = b, gb = random_numbers<double>(b.size(), kSeed, "gb", number);
        const StepReport report = optimizer.step({{"b", gb}, {"none", std::vector<float>()}, {"a", ga}});
        const Exact of_a = exact(ga, before_a, a), of_b = exact(gb, before_b, b);
        expect_near(report.gradient_norm.value(), of_a.gradient + of_b.gradient, kWide, 4);
        expect_near(report.update_norm.value(), of_a.update + of_b.update, kNarrow);
        expect_near(report.parameter_norm.value(), of_a.parameter + of_b.parameter, kNarrow);
        ASSERT_THAT(report.parameters, SizeIs(3)) << "only those with a gradient";
        std::map<std::string, Exact> all{{"a", of_a}, {"none", {0, 0, 0, 0}}, {"b", of_b}};
        std::vector<std::string> names;
        double smallest = 1;
        for (const ParameterReport& its : report.parameters) {
          names.push_back(its.name);
          const Exact& expected = all.at(its.name);
          expect_near(its.gradient_norm, expected.gradient, kWide, 4);
          expect_near(its.update_norm, expected.update, its.name == "a" ? kNarrow : kWide);
          expect_near(its.parameter_norm, expected.parameter, its.name == "a" ? kNarrow : kWide);
          EXPECT_EQ(its.zero_share, expected.zero_share);
          EXPECT_EQ(its.non_finite, 0u);
          double factor = 1;
          if (clip.by == ClipBy::norm) factor = std::min(1.0, 2 / its.gradient_norm);
          if (clip.by == ClipBy::global_norm) factor = std::min(1.0, 3 / *report.gradient_norm);
          EXPECT_EQ(its.clip_factor, factor) << its.name;
          smallest = std::min(smallest, factor);
        }
        EXPECT_EQ(names, (std::vector<std::string>{"a", "none", "b"})) << "in the order of the parameters";
        EXPECT_EQ(report.clip_factor, smallest);
      }
    }
  }
}

TEST(Report, SquaresBeyondFloatAreSummedInDouble) {
  for (const float size : {1e-40f, 1e-25f, 1e25f, 1e37f}) {
    for (const std::size_t count : {33u, 5000u}) {
      std::vector<float> theta = random_numbers<float>(count, kSeed, "theta"),
                         gradient = random_numbers<float>(count, kSeed, "gradient");
      for (float& x : theta) x *= size;
      for (float& x : gradient) x *= size / 8;
      theta[7] = 1;  // in one of the pieces
      const std::vector<float> before = theta;
      Optimizer optimizer(SGD{.lr = 0.25}, {}, {.report = Reporting::totals});
      optimizer.add("theta", theta);
      const StepReport report = optimizer.step({{"theta", gradient}});
      const Exact expected = exact(gradient, before, theta);
      expect_near(report.gradient_norm.value(), expected.gradient, kWide);
      expect_near(report.update_norm.value(), expected.update, kNarrow);
      expect_near(report.parameter_norm.value(), expected.parameter, kNarrow);
    }
  }
}

TEST(Report, GradientNormsHaveTheSameBitsHoweverTheyAreTaken) {
  const std::vector<float> left = random_numbers<float>(120'001, kSeed, "left");
  std::vector<double> right = random_numbers<double>(9001, kSeed, "right");
  for (const double size : {1.0, 1e-180, 1e180}) {  // squares of the last two leave the range of doubles
    std::vector<double> scaled = right;
    for (double& x : scaled) x *= size;
    std::optional<double> first, update, parameter;
    const auto check = [&](const Settings& settings, const Execution& execution, bool turned) {
      std::vector<float> a(left.size());
      std::vector<double> b(right.size());
      Optimizer optimizer(SGD{.lr = 0.5, .momentum = 0.9}, settings, execution);
      optimizer.add("a", a);
      optimizer.add("b", b);
      const StepReport report =
          turned ? optimizer.step({{"b", scaled}, {"a", left}}) : optimizer.step({{"a", left}, {"b", scaled}});
      if (!first) first = report.gradient_norm;
      ASSERT_TRUE(first);
      EXPECT_EQ(report.gradient_norm, first);
      if (execution.report == Reporting::none || execution.backend == "reference") return;
      if (!update) update = report.update_norm, parameter = report.parameter_norm;
      EXPECT_EQ(report.update_norm, update);
      EXPECT_EQ(report.parameter_norm, parameter);
    };
    for (const Reporting reporting : {Reporting::none, Reporting::totals, Reporting::parameters}) {
      for (const Check its : {Check::off, Check::detect, Check::guard}) {
        for (const ClipBy by : {ClipBy::none, ClipBy::norm, ClipBy::global_norm}) {
          if (reporting == Reporting::none && its != Check::guard && by == ClipBy::none) continue;
          SCOPED_TRACE(std::string(to_string(its)) + ", " + std::string(to_string(by)));
          check({.clip = {by, 1e300}, .check = its}, {.report = reporting}, by == ClipBy::norm);
        }
      }
    }
    for (const int threads : {1, 2, 3, 8}) check({}, {.report = Reporting::totals, .threads = threads}, threads == 3);
    for (const std::string& backend : every_backend())
      check({}, {.report = Reporting::totals, .backend = backend}, false);
    // And in parts.
    std::vector<float> a(left.size());
    std::vector<double> b(right.size());
    Optimizer optimizer(SGD{.lr = 0.5, .momentum = 0.9}, {}, {.report = Reporting::totals});
    optimizer.add("a", a);
    optimizer.add("b", b);
    optimizer.begin_step();
    optimizer.update({"b", scaled});
    optimizer.update({"a", left});
    const StepReport report = optimizer.end_step();
    EXPECT_EQ(report.gradient_norm, first);
    EXPECT_EQ(report.update_norm, update);
    EXPECT_EQ(report.parameter_norm, parameter);
  }
}

TEST(Report, OfNothing) {
  Optimizer optimizer(SGD{}, {}, {.report = Reporting::parameters});
  std::vector<double> theta{1};
  std::vector<float> none;
  for (int round = 0; round < 2; ++round) {
    const StepReport report = optimizer.step({});
    EXPECT_TRUE(report.applied());
    EXPECT_THAT(report.gradient_norm, Optional(0));
    EXPECT_THAT(report.update_norm, Optional(0));
    EXPECT_THAT(report.parameter_norm, Optional(0));
    EXPECT_EQ(report.clip_factor, 1);
    EXPECT_THAT(report.parameters, IsEmpty());
    EXPECT_THAT(report.refused, IsEmpty());
    if (round == 0) optimizer.add("theta", theta);
  }
  optimizer.add("none", none);
  const StepReport report = optimizer.step({{"none", none}});
  EXPECT_THAT(report.gradient_norm, Optional(0));
  ASSERT_THAT(report.parameters, SizeIs(1));
  EXPECT_EQ(report.parameters[0].zero_share, 0);
}

TEST(Report, IsThereWhereItIsAskedFor) {
  std::vector<double> theta{3, 4};
  Optimizer optimizer(SGD{.lr = 1});
  optimizer.add("theta", theta);
  const std::vector<double> gradient{0, 2};
  StepReport report = optimizer.step({{"theta", gradient}});
  EXPECT_EQ(report.gradient_norm, std::nullopt);
  EXPECT_EQ(report.update_norm, std::nullopt);
  EXPECT_EQ(report.parameter_norm, std::nullopt);
  EXPECT_THAT(report.parameters, IsEmpty());
  optimizer.set_report(Reporting::totals);
  report = optimizer.step({{"theta", gradient}});
  EXPECT_THAT(report.gradient_norm, Optional(2));
  EXPECT_THAT(report.update_norm, Optional(2));
  EXPECT_THAT(report.parameter_norm, Optional(3));
  EXPECT_THAT(report.parameters, IsEmpty());
  optimizer.set_report(Reporting::parameters);
  report = optimizer.step({{"theta", gradient}});
  ASSERT_THAT(report.parameters, SizeIs(1));
  EXPECT_EQ(report.parameters[0].name, "theta");
  EXPECT_EQ(report.parameters[0].zero_share, 0.5);
  EXPECT_EQ(optimizer.report().parameters.size(), 1u);
}

TEST(Report, OfGradientsThatAreNotFinite) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<float> a(3), b(2);
  Optimizer optimizer(SGD{.lr = 1}, {.clip = {ClipBy::norm, 1}}, {.report = Reporting::parameters});
  optimizer.add("a", a);
  optimizer.add("b", b);
  const std::vector<float> infinite{1, HUGE_VALF, 0}, nan{NAN, 1};
  const StepReport report = optimizer.step({{"a", infinite}, {"b", nan}});
  EXPECT_EQ(report.non_finite, 2u);
  EXPECT_EQ(report.first_non_finite, "a");
  EXPECT_TRUE(std::isnan(report.gradient_norm.value()));
  EXPECT_TRUE(std::isnan(report.clip_factor)) << "it has made everything NaN";
  EXPECT_EQ(report.parameters[0].gradient_norm, kInfinity);
  EXPECT_EQ(report.parameters[0].clip_factor, 0);
  EXPECT_EQ(report.parameters[0].non_finite, 1u);
  EXPECT_EQ(report.parameters[1].non_finite, 1u);
}

}  // namespace
}  // namespace thalweg::tests
