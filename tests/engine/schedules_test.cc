// Schedules: what their descriptions promise, and the bits of the lab's former formulas.
#include "error_of.h"

#include <thalweg/schedule.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The lab's schedules as it had them before there were the engine's.
struct Former {
  std::string kind;
  std::int64_t every = 10;
  double gamma = 0.1, floor = 0;
  std::int64_t warmup = 0;

  double factor(std::int64_t step, const RunLength& length) const {
    const double own = after_warmup(step, length);
    if (step >= warmup) return own;
    return own * static_cast<double>(step) / static_cast<double>(warmup);
  }

 private:
  double after_warmup(std::int64_t step, const RunLength& length) const {
    const std::int64_t epochs = (step - 1) / length.steps_per_epoch;
    if (kind == "step") {
      const std::int64_t drops = epochs / every;
      return std::pow(gamma, static_cast<double>(drops));
    }
    if (kind == "exponential") return std::pow(gamma, static_cast<double>(epochs));
    if (kind == "constant") return 1;
    const std::int64_t whole = length.steps - warmup;
    const std::int64_t done = std::clamp<std::int64_t>(step - 1 - warmup, 0, whole);
    const double x = static_cast<double>(done) / static_cast<double>(whole);
    return floor + (1 - floor) * (1 + std::cos(std::numbers::pi * x)) / 2;
  }
};

void expect_same_bits(const Schedule& schedule, const Former& former, const RunLength& run) {
  const Schedule ours = schedule.within(run);
  for (std::int64_t step = 1; step <= run.steps + 100; ++step) {
    ASSERT_EQ(ours.factor(step, run.steps_per_epoch), former.factor(step, run)) << schedule.text() << ", step " << step;
  }
}

TEST(Schedules, TheLabsFormerBits) {
  for (const std::int64_t warmup : {0, 1, 7, 150, 613}) {
    const Schedule::Warmup rise{.steps = static_cast<double>(warmup)};
    for (const std::int64_t steps_per_epoch : {1, 3, 47}) {
      const RunLength run{.steps_per_epoch = steps_per_epoch, .steps = 2000};
      expect_same_bits(Schedule(schedule::Constant(), rise), {.kind = "constant", .warmup = warmup}, run);
      for (const double gamma : {0.1, 0.97, 0.3333}) {
        for (const std::int64_t every : {1, 3, 10}) {
          expect_same_bits(Schedule(schedule::StepDecay{static_cast<double>(every), gamma}, rise, Interval::epoch),
                           {.kind = "step", .every = every, .gamma = gamma, .warmup = warmup}, run);
        }
        expect_same_bits(Schedule(schedule::Exponential{.gamma = gamma}, rise, Interval::epoch),
                         {.kind = "exponential", .gamma = gamma, .warmup = warmup}, run);
      }
      for (const double floor : {0.0, 0.1, 0.01, 0.7}) {
        expect_same_bits(Schedule(schedule::Cosine{.floor = floor}, rise),
                         {.kind = "cosine", .floor = floor, .warmup = warmup}, run);
      }
    }
  }
}

TEST(Schedules, WarmUpMultiplies) {
  const Schedule plain = schedule::Exponential{.gamma = 0.9};
  for (const double from : {0.0, 0.25, 1.0}) {
    const Schedule linear(schedule::Exponential{.gamma = 0.9}, {40, from, WarmupKind::linear});
    for (std::int64_t step = 1; step < 60; ++step) {
      const double x = std::min(1.0, static_cast<double>(step) / 40);
      EXPECT_DOUBLE_EQ(linear.factor(step), (from + (1 - from) * x) * plain.factor(step));
      if (from == 0) continue;
      const Schedule exponential(schedule::Exponential{.gamma = 0.9}, {40, from, WarmupKind::exponential});
      EXPECT_DOUBLE_EQ(exponential.factor(step), std::pow(from, 1 - x) * plain.factor(step));
    }
  }
}

TEST(Schedules, WhatHasAnEndOrAPeriodBeginsBehindTheWarmUp) {
  const double warmup = 30;
  // The same schedule without a warm-up, as many ticks shorter.
  const std::vector<std::pair<Schedule::Kind, Schedule::Kind>> kinds{
      {schedule::Linear{0.9, 0.2, 100}, schedule::Linear{0.9, 0.2, 70}},
      {schedule::Polynomial{2.5, 0.1, 100}, schedule::Polynomial{2.5, 0.1, 70}},
      {schedule::Cosine{0.1, 100}, schedule::Cosine{0.1, 70}},
      {schedule::OneCycle{.steps = 100}, schedule::OneCycle{.steps = 70}},
      {schedule::CosineRestarts{20, 2, 0.9, 0.1}, schedule::CosineRestarts{20, 2, 0.9, 0.1}},
      {schedule::Cyclic{0.1, 20, 30}, schedule::Cyclic{0.1, 20, 30}}};
  for (const auto& [kind, shorter] : kinds) {
    const Schedule ours(kind, {.steps = warmup}), theirs(shorter);
    SCOPED_TRACE(ours.text());
    for (std::int64_t step = 1; step < 200; ++step) {
      const double x = std::min(1.0, static_cast<double>(step) / warmup);
      EXPECT_DOUBLE_EQ(ours.factor(step), x * theirs.factor(std::max<std::int64_t>(1, step - 30))) << step;
    }
    // Ticks that are epochs are no steps: nothing is moved.
    const Schedule by_epochs(kind, {.steps = warmup}, Interval::epoch), plain(kind);
    for (std::int64_t step = 30; step < 200; ++step) {
      EXPECT_EQ(by_epochs.factor(step, 7), plain.factor((step - 1) / 7 + 1)) << step;
    }
  }
}

TEST(Schedules, TheOthersCountFromTheFirstStep) {
  for (const Schedule::Kind& kind : std::vector<Schedule::Kind>{
           schedule::Constant{0.5, 50}, schedule::StepDecay{10, 0.7}, schedule::MultiStep{{20, 40}, 0.5},
           schedule::Exponential{0.99}, schedule::PiecewiseConstant{{10, 40}, {1, 0.5, 0.2}},
           schedule::InverseTime{0.1}, schedule::Plateau{}}) {
    const Schedule with(kind, {.steps = 30}), without(kind);
    for (std::int64_t step = 1; step < 100; ++step) {
      const double x = std::min(1.0, static_cast<double>(step) / 30);
      EXPECT_DOUBLE_EQ(with.factor(step), x * without.factor(step)) << with.text() << ", step " << step;
    }
  }
}

TEST(Schedules, StayAtTheirEnd) {
  const std::vector<std::pair<Schedule, double>> ends{{schedule::Constant{0.3, 70}, 1},
                                                      {schedule::Linear{0.3, 0.7, 70}, 0.7},
                                                      {schedule::Polynomial{2, 0.15, 70}, 0.15},
                                                      {schedule::Cosine{0.15, 70}, 0.15},
                                                      {schedule::OneCycle{.steps = 70}, 1 / 25.0 / 1e4}};
  for (const auto& [schedule, end] : ends) {
    for (const std::int64_t step : {71, 72, 100, 100000}) EXPECT_EQ(schedule.factor(step), end) << schedule.text();
  }
  const Schedule again = schedule::Cosine{.floor = 0, .steps = 70, .cycle = true};
  EXPECT_DOUBLE_EQ(again.factor(141), 1);
}

TEST(Schedules, TicksAreStepsOrEpochs) {
  for (const ScheduleInfo& info : schedules()) {
    std::string text(info.name);
    if (text == "multi_step") text += ":milestones=2/5";
    if (text == "piecewise_constant") text += ":boundaries=2/5,values=1/2/3";
    const Schedule by_step = parse_schedule(text).within({.steps = 12});
    const Schedule by_epoch =
        parse_schedule(text + (text.find(':') == std::string::npos ? ":" : ",") + "interval=epoch")
            .within({.steps_per_epoch = 9, .steps = 108});
    for (std::int64_t step = 1; step <= 200; ++step) {
      EXPECT_EQ(by_epoch.factor(step, 9), by_step.factor((step - 1) / 9 + 1)) << text << ", step " << step;
    }
  }
  // A run that ends within an epoch.
  const Schedule cosine = Schedule(schedule::Cosine(), {}, Interval::epoch).within({.steps_per_epoch = 4, .steps = 10});
  EXPECT_EQ(cosine.text(), "cosine:steps=2.5,interval=epoch");
}

TEST(Schedules, OneAfterAnother) {
  const Schedule schedule =
      parse_schedule("linear:start=0.1,end=1,steps=20,then=step:every=3,gamma=0.5,length=30,then=cosine");
  EXPECT_TRUE(schedule.needs_length());
  const Schedule ours = schedule.within({.steps = 150});
  EXPECT_FALSE(ours.needs_length());
  const Schedule linear = schedule::Linear{0.1, 1, 20}, step = schedule::StepDecay{3, 0.5},
                 cosine = schedule::Cosine{.steps = 100};
  for (std::int64_t k = 0; k < 200; ++k) {
    const double wanted = k < 20 ? linear.factor(k + 1) : k < 50 ? step.factor(k - 19) : cosine.factor(k - 49);
    EXPECT_EQ(ours.factor(k + 1), wanted) << k;
  }
  // A part may be cut, or wait at its end.
  const Schedule cut = parse_schedule("linear:start=0,end=1,steps=20,length=5,then=constant:factor=0.5");
  EXPECT_EQ(cut.factor(5), 0.2);
  EXPECT_EQ(cut.factor(6), 0.5);
  const Schedule waits = parse_schedule("linear:start=0,end=1,steps=20,length=50,then=constant:factor=0.5");
  EXPECT_EQ(waits.factor(50), 1);
  EXPECT_EQ(waits.factor(51), 0.5);
}

TEST(Schedules, Lengths) {
  const Schedule cosine = schedule::Cosine(), fixed = schedule::Cosine{.steps = 10}, constant = schedule::Constant();
  EXPECT_TRUE(cosine.needs_length());
  EXPECT_FALSE(fixed.needs_length());
  EXPECT_FALSE(constant.needs_length());
  EXPECT_EQ(cosine.within({.steps = 40}).text(), "cosine:steps=40");
  EXPECT_EQ(fixed.within({.steps = 40}).text(), "cosine:steps=10");
  EXPECT_EQ(fixed.within({}).text(), "cosine:steps=10");
  for (const char* open : {"linear", "polynomial", "cosine", "one_cycle"}) {
    const Schedule schedule = parse_schedule(open);
    EXPECT_TRUE(schedule.needs_length()) << open;
    EXPECT_THAT(error_of([&] { schedule.factor(1); }), HasSubstr(open + std::string(": steps is missing")));
    EXPECT_THAT(error_of([&] { schedule.within({}); }), HasSubstr("it is not known how long the run is"));
  }
  const Schedule late = parse_schedule("step:length=40,then=cosine");
  EXPECT_THAT(error_of([&] { late.within({.steps = 40}); }),
              HasSubstr("cosine: the parts before take 40 of the 40 steps of the run, which leaves nothing"));
  const Schedule epochs = parse_schedule("step:length=40,interval=epoch,then=cosine");
  EXPECT_THAT(error_of([&] { epochs.within({.steps_per_epoch = 10, .steps = 395}); }),
              HasSubstr("take 40 of the 39.5 epochs"));
  const Schedule warm = parse_schedule("cosine:warmup=50");
  EXPECT_THAT(error_of([&] { warm.within({.steps = 50}); }), HasSubstr("warmup = 50 leaves nothing of its 50 steps"));
}

TEST(Schedules, StepsThatAreNone) {
  const Schedule schedule = schedule::StepDecay();
  EXPECT_THAT(error_of([&] { schedule.factor(0); }), HasSubstr("step = 0 is outside [1, ∞)"));
  EXPECT_THAT(error_of([&] { schedule.factor(std::numeric_limits<std::int64_t>::min()); }), HasSubstr("outside"));
  EXPECT_THAT(error_of([&] { schedule.factor(1, 0); }), HasSubstr("steps_per_epoch = 0 is outside [1, ∞)"));
  EXPECT_THAT(error_of([&] { schedule.factor(SchedulePosition{.steps = -1}); }), HasSubstr("steps = -1 is outside"));
}

TEST(Schedules, RestartsWhereTheyBegin) {
  for (const double t_mult : {1.0, 1.5, 2.0, 3.0, 7.0}) {
    const Schedule schedule = schedule::CosineRestarts{.period = 16, .t_mult = t_mult, .m_mult = 0.9};
    double begin = 0, period = 16;
    for (int number = 0; number < 8; ++number) {
      // Periods of 1.5 end between two ticks.
      const auto first = static_cast<std::int64_t>(std::ceil(begin)) + 1;
      EXPECT_NEAR(schedule.factor(first), std::pow(0.9, number), 0.02) << t_mult << ", " << number;
      if (number > 0) {
        EXPECT_LT(schedule.factor(first - 1), 0.02) << t_mult << ", " << number;
      }
      begin += period;
      period *= t_mult;
    }
  }
  // Numbers that nobody means end too.
  const Schedule long_periods = schedule::CosineRestarts{.period = 1, .t_mult = 1e308};
  EXPECT_DOUBLE_EQ(long_periods.factor(11), 1);
  for (const double t_mult : {1 + 1e-15, 1 + 1e-9, 1e308}) {
    for (const double period : {1e-300, 1e-3, 1e300}) {
      const Schedule schedule = schedule::CosineRestarts{.period = period, .t_mult = t_mult};
      for (const std::int64_t step : {1L, 2L, 1000000L, std::numeric_limits<std::int64_t>::max()})
        schedule.factor(step);
    }
  }
}

TEST(Schedules, PlateausFollowAMetric) {
  const Schedule schedule = schedule::Plateau{.factor = 0.5, .patience = 1, .cooldown = 2, .floor = 0.2};
  EXPECT_TRUE(schedule.needs_metric());
  SchedulePosition position;
  const auto see = [&](double metric) {
    schedule.see(metric, position);
    ++position.steps;
    return schedule.factor(position);
  };
  EXPECT_EQ(see(kNan), 1);  // worse than any number
  EXPECT_FALSE(position.best);
  EXPECT_EQ(see(3), 1);
  EXPECT_EQ(position.best, 3);
  EXPECT_EQ(see(kNan), 1);
  EXPECT_EQ(see(3), 0.5);
  for (const double metric : {3, 3, 3}) EXPECT_EQ(see(metric), 0.5);  // two are not counted
  EXPECT_EQ(see(3), 0.25);
  for (int i = 0; i < 20; ++i) see(3);
  EXPECT_EQ(position.reduced, 0.2);
  EXPECT_EQ(see(-kInfinity), 0.2);  // never better, as nothing that is not finite
  EXPECT_EQ(position.best, 3);
}

TEST(Schedules, PlateausCompareAsPyTorch) {
  const auto sees = [](const schedule::Plateau& plateau, const std::vector<double>& metrics) {
    const Schedule schedule = plateau;
    SchedulePosition position;
    for (const double metric : metrics) schedule.see(metric, position);
    return position;
  };
  // A share of 1 of infinity is NaN, and nothing is better than that.
  EXPECT_FALSE(sees({.threshold = 1}, {3, 2, 1}).best);
  EXPECT_EQ(sees({.threshold = 0.5}, {4, 2, 1.9}).best, 1.9);
  EXPECT_EQ(sees({.mode = schedule::Better::max, .threshold = 0.5}, {4, 6, 6.1}).best, 6.1);
  EXPECT_EQ(sees({.threshold = 1, .threshold_mode = schedule::ThresholdMode::abs}, {4, 3, 2.9}).best, 2.9);
  EXPECT_EQ(sees({.threshold = 0}, {kInfinity, -1}).best, -1);
  // PyTorch takes 1 off until nothing is left.
  EXPECT_EQ(sees({.patience = 0, .cooldown = 2.5}, {1, 1}).cooldown, 3);
  EXPECT_GT(sees({.patience = 0, .cooldown = 1e300}, {1, 1}).cooldown, 1'000'000'000);
}

TEST(Schedules, PlateausAfterAnother) {
  const Schedule schedule = parse_schedule(
      "linear:start=0.5,end=1,steps=4,then=plateau:factor=0.5,patience=0,length=3,then=constant:factor=0.1");
  SchedulePosition position;
  std::vector<double> factors;
  for (position.steps = 0; position.steps < 9; ++position.steps) {
    factors.push_back(schedule.factor(position));
    schedule.see(1, position);
  }
  EXPECT_EQ(factors, (std::vector<double>{0.5, 0.625, 0.75, 0.875, 1, 1, 0.5, 0.1, 0.1}));
  const Schedule without = schedule::Constant();
  EXPECT_FALSE(without.needs_metric());
  EXPECT_THAT(error_of([&] { without.see(1, position); }), HasSubstr("it follows no metric; a plateau does"));
}

}  // namespace
}  // namespace thalweg::tests
