// Accumulation of gradients over several calls.
#include "engine/numbers.h"
#include "engine/samples.h"
#include "engine/state_head.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 61;
constexpr std::uint32_t kCalls = 3;

/// "often" has a gradient in every call, "seldom" in the second of three, "once" in every ninth.
struct Calls {
  Calls(const Options& options, Settings settings, Execution execution = {})
      : optimizer(options, std::move(settings), std::move(execution)) {
    optimizer.add("often", often);
    optimizer.add("seldom", seldom);
    optimizer.add("once", once);
  }

  static std::vector<float> f32(const char* what, std::uint32_t call) {
    return random_numbers<float>(4097, kSeed, what, call);
  }
  static std::vector<double> f64(std::uint32_t call) { return random_numbers<double>(33, kSeed, "seldom", call); }

  StepReport call(std::uint32_t number) {
    const std::vector<float> often_gradient = f32("often", number), once_gradient = f32("once", number);
    const std::vector<double> seldom_gradient = f64(number);
    std::vector<Gradient> list{{"often", often_gradient}};
    if (number % kCalls == 1) list.emplace_back("seldom", seldom_gradient);
    if (number % 9 == 0) list.emplace_back("once", once_gradient);
    return optimizer.step(list);
  }

  /// The same three calls as one step with the sum, in the parameter's type and the order of the calls.
  StepReport summed(std::uint32_t step) {
    std::vector<float> sum = f32("often", kCalls * step);
    for (std::uint32_t call = 1; call < kCalls; ++call) {
      const std::vector<float> next = f32("often", kCalls * step + call);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += next[i];
    }
    const std::vector<double> seldom_gradient = f64(kCalls * step + 1);
    const std::vector<float> once_gradient = f32("once", kCalls * step);
    std::vector<Gradient> list{{"often", sum}, {"seldom", seldom_gradient}};
    if (kCalls * step % 9 == 0) list.emplace_back("once", once_gradient);
    return optimizer.step(list);
  }

  std::vector<float> often = random_numbers<float>(4097, kSeed, "theta"), once = often;
  std::vector<double> seldom = random_numbers<double>(33, kSeed, "theta");
  Optimizer optimizer;
};

class Accumulations : public ::testing::TestWithParam<Sample> {};

TEST_P(Accumulations, HaveTheBitsOfTheSummedGradient) {
  const Options options = parse_options(GetParam().options);
  const Average ema{.kind = AverageKind::ema, .start = 2};
  for (const bool mean : {false, true}) {
    for (const Clip& clip : {Clip{}, Clip{ClipBy::value, 0.5}, Clip{ClipBy::norm, 2}, Clip{ClipBy::global_norm, 3}}) {
      SCOPED_TRACE(std::string(mean ? "mean" : "sum") + ", clip by " + std::string(to_string(clip.by)));
      Settings settings{.loss_scale = 8, .accumulation = {.calls = kCalls, .mean = mean}, .clip = clip, .average = ema};
      Calls calls(options, settings, {.report = Reporting::totals});
      settings.accumulation = {};
      settings.loss_scale = mean ? 8 * kCalls : 8;
      Calls summed(options, settings, {.report = Reporting::totals});
      for (std::uint32_t number = 0; number < 12; ++number) {
        const StepReport report = calls.call(number);
        if (number % kCalls != kCalls - 1) {
          EXPECT_EQ(report.outcome, Outcome::accumulated);
          EXPECT_THAT(report.refused, HasSubstr(std::to_string(number % kCalls + 1) + " of 3 calls"));
          EXPECT_EQ(calls.optimizer.accumulated_calls(), number % kCalls + 1);
          continue;
        }
        EXPECT_EQ(calls.optimizer.accumulated_calls(), 0);
        const StepReport expected = summed.summed(number / kCalls);
        EXPECT_TRUE(report.applied());
        EXPECT_EQ(report.gradient_norm, expected.gradient_norm);
        EXPECT_EQ(report.update_norm, expected.update_norm);
        EXPECT_EQ(report.clip_factor, expected.clip_factor);
        ASSERT_EQ(first_bit_difference<float>(calls.often, summed.often), "") << number;
        ASSERT_EQ(first_bit_difference<double>(calls.seldom, summed.seldom), "") << number;
        ASSERT_EQ(first_bit_difference<float>(calls.once, summed.once), "") << number;
        const Handle handle{0};
        EXPECT_EQ(first_bit_difference<float>(calls.optimizer.average<float>(handle),
                                              summed.optimizer.average<float>(handle)),
                  "");
        for (const std::uint32_t i : {0u, 1u, 2u}) {
          EXPECT_EQ(calls.optimizer.step_number({i}), summed.optimizer.step_number({i})) << i;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, Accumulations, ::testing::ValuesIn(samples()),
                         [](const auto& info) { return info.param.rule(); });

TEST(Accumulation, GoesOnFromAFile) {
  const Settings settings{.accumulation = {.calls = kCalls}, .average = {.kind = AverageKind::mean}};
  Calls whole(Adam{}, settings);
  for (std::uint32_t number = 0; number < 9; ++number) whole.call(number);
  for (std::uint32_t stop = 1; stop < 8; ++stop) {
    Calls first(Adam{}, settings), second(Adam{}, {});
    for (std::uint32_t number = 0; number < stop; ++number) first.call(number);
    second.often = first.often, second.seldom = first.seldom, second.once = first.once;
    second.optimizer.load(safetensors::from_bytes(safetensors::to_bytes(first.optimizer.state()), "state"));
    EXPECT_EQ(second.optimizer.accumulated_calls(), stop % kCalls);
    EXPECT_EQ(second.optimizer.settings().accumulation, settings.accumulation);
    EXPECT_EQ(safetensors::to_bytes(second.optimizer.state()), safetensors::to_bytes(first.optimizer.state()));
    for (std::uint32_t number = stop; number < 9; ++number) second.call(number);
    EXPECT_EQ(safetensors::to_bytes(second.optimizer.state()), safetensors::to_bytes(whole.optimizer.state())) << stop;
    EXPECT_EQ(second.often, whole.often) << stop;
  }
}

TEST(Accumulation, OneNaNRefusesTheWhole) {
  for (const std::uint32_t bad : {0u, 1u, 2u}) {
    std::vector<float> theta(3, 1), other(3, 1);
    Optimizer optimizer(Adam{}, {.accumulation = {.calls = 3, .mean = false}, .check = Check::guard});
    Optimizer plain(Adam{}, {.check = Check::guard});
    optimizer.add("theta", theta);
    plain.add("theta", other);
    const std::vector<float> good{1, 2, 3}, nan{1, NAN, 3}, three{3, 6, 9};
    const std::vector<std::byte> before = bytes_but_refused(optimizer);
    for (std::uint32_t call = 0; call < 3; ++call) {
      const Outcome outcome = optimizer.step({{"theta", call == bad ? nan : good}}).outcome;
      EXPECT_EQ(outcome, call == 2 ? Outcome::non_finite : Outcome::accumulated);
    }
    EXPECT_EQ(bytes_but_refused(optimizer), before);
    EXPECT_EQ(optimizer.refused_steps(), 1);
    EXPECT_EQ(optimizer.accumulated_calls(), 0) << "the next call begins anew";
    for (int call = 0; call < 3; ++call) optimizer.step({{"theta", good}});
    plain.step({{"theta", three}});
    EXPECT_EQ(theta, other);
  }
}

TEST(Accumulation, OfParametersThatComeAndGo) {
  std::vector<double> a{0}, b{0}, late{0}, moved{0};
  const std::vector<double> one{1};
  Optimizer optimizer(SGD{.lr = 1}, {.accumulation = {.calls = 3, .mean = false}});
  const Handle ha = optimizer.add("a", a), hb = optimizer.add("b", b);
  optimizer.step({{ha, one}, {hb, one}});
  optimizer.unbind(ha);
  optimizer.step({{hb, one}});
  EXPECT_THAT(error_of([&] {
                optimizer.step({{hb, one}});
              }),
              HasSubstr("\"a\", of which gradients are accumulated, is unbound; rebind it first"));
  EXPECT_EQ(optimizer.accumulated_calls(), 2) << "nothing has been changed";
  optimizer.rebind(ha, moved);
  optimizer.remove(hb);
  optimizer.add("late", late);
  EXPECT_TRUE(optimizer.step({{"late", one}}).applied());
  EXPECT_EQ(moved[0], -1);
  EXPECT_EQ(late[0], -1);
  EXPECT_EQ(b[0], 0);
}

TEST(Accumulation, OfAnotherStateIsGivenUp) {
  std::vector<double> a{0}, b{0};
  const std::vector<double> one{1};
  Optimizer from(SGD{.lr = 1}, {.accumulation = {.calls = 2, .mean = false}});
  from.add("a", a);
  const State state = from.state();
  Optimizer to(SGD{.lr = 1}, {.accumulation = {.calls = 2, .mean = false}});
  to.add("a", a);
  to.add("b", b);
  to.step({{"b", one}});
  to.load(state, {.missing = LoadOptions::Missing::keep});
  EXPECT_EQ(to.accumulated_calls(), 0);
  to.step({{"b", one}});
  to.step({{"b", one}});
  EXPECT_EQ(b[0], -2) << "of the two calls, not of the one before the state was loaded";
}

TEST(Accumulation, RefusesWhatIsOutsideItsRange) {
  for (const std::int64_t calls : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 31}) {
    EXPECT_THAT(error_of([&] { Optimizer(SGD{}, {.accumulation = {.calls = calls}}); }),
                HasSubstr("accumulation: calls = " + std::to_string(calls) + " is outside [1, "));
  }
  Calls calls(Adam{}, {.accumulation = {.calls = kCalls}});
  calls.call(0);
  const State state = calls.optimizer.state();
  EXPECT_THAT(error_of([&] { calls.optimizer.load(with_number(state, "accumulated_calls", "3")); }),
              HasSubstr("accumulated_calls = 3 is outside [0, 3)"));
  EXPECT_THAT(error_of([&] { calls.optimizer.load(with_number(state, "accumulated", "2")); }),
              HasSubstr("accumulated = 2 is outside [0, 1]"));
}

}  // namespace
}  // namespace thalweg::tests
