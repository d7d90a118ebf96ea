// A schedule in the optimizer: the rates of each step, what moves it and what does not, and how it is saved.
#include "engine/samples.h"
#include "engine/scheduled.h"
#include "error_of.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules/adam.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(OptimizerSchedule, HasTheBitsOfRatesSetBeforeEachStep) {
  for (const Sample& sample : samples()) {
    for (const std::string& schedule : kSchedules) {
      SCOPED_TRACE(sample.options + " " + schedule);
      const Description description = grouped(parse_options(sample.options), schedule);
      Scheduled run(description), by_hand = Scheduled::by_hand(description);
      run.optimizer.set_run_length({.steps_per_epoch = 2});
      for (std::uint32_t t = 0; t < 8; ++t) {
        by_hand.set_rates(description.schedule->factor(std::int64_t{t} + 1, 2));
        for (std::uint32_t i = 0; i < 3; ++i) {
          if (t != 0) break;
          EXPECT_EQ(run.optimizer.lr(Group{i}), by_hand.optimizer.lr(Group{i})) << "before the first";
        }
        run.step(t);
        by_hand.step(t);
        for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(run.optimizer.lr(Group{i}), by_hand.optimizer.lr(Group{i}));
        ASSERT_EQ(run.numbers(), by_hand.numbers()) << t;
        EXPECT_EQ(run.optimizer.schedule_position().steps, t + 1);
      }
    }
  }
}

TEST(OptimizerSchedule, OfOneGroupIsWhatSetSays) {
  const Schedule schedule = parse_schedule("cosine:steps=9,warmup=3");
  Scheduled run(Description(Adam{.lr = 0.3}, {}, schedule)), other(Description(Adam{.lr = 0.3}));
  for (std::uint32_t t = 0; t < 10; ++t) {
    other.optimizer.set("lr", 0.3 * schedule.factor(std::int64_t{t} + 1));
    run.step(t);
    other.step(t);
    EXPECT_EQ(run.numbers(), other.numbers());
  }
}

TEST(OptimizerSchedule, StandsStillWhenNoStepIsTaken) {
  const Settings guarded{.accumulation = {.calls = 2}, .check = Check::guard};
  const Description description = grouped(Adam{.lr = 0.1}, "step:every=1,gamma=0.5", guarded);
  Scheduled run(description), by_hand = Scheduled::by_hand(description);
  for (std::uint32_t t = 0, taken = 0; t < 12; ++t) {
    by_hand.set_rates(description.schedule->factor(std::int64_t{taken} + 1));
    for (Scheduled* each : {&run, &by_hand}) t % 5 == 2 ? each->step_with_nan(t) : each->step(t);
    taken += run.optimizer.report().outcome == Outcome::applied ? 1 : 0;
    EXPECT_EQ(run.optimizer.schedule_position().steps, taken);
    EXPECT_EQ(run.optimizer.lr(), by_hand.optimizer.lr());
    EXPECT_EQ(run.numbers(), by_hand.numbers());
  }
  EXPECT_GT(run.optimizer.refused_steps(), 0);
}

TEST(OptimizerSchedule, MovesInStepsOfParts) {
  const Description description = grouped(Adam{.lr = 0.1}, kSchedules[0]);
  Scheduled whole(description), parts(description);
  for (std::uint32_t t = 0; t < 6; ++t) {
    whole.step(t);
    parts.optimizer.begin_step();
    for (const Gradient& gradient : parts.gradients(t)) parts.optimizer.update(gradient);
    EXPECT_THAT(error_of([&] { parts.optimizer.set_schedule({}); }), HasSubstr("end_step"));
    EXPECT_THAT(error_of([&] { parts.optimizer.set_run_length({}); }), HasSubstr("end_step"));
    EXPECT_THAT(error_of([&] { parts.optimizer.see_metric(1); }), HasSubstr("end_step"));
    parts.optimizer.end_step();
    EXPECT_EQ(parts.bytes(), whole.bytes());
    EXPECT_EQ(parts.parameters, whole.parameters);
  }
}

TEST(OptimizerSchedule, RatesThatAreSetAreThoseAtFactor1) {
  Scheduled run(grouped(Adam{.lr = 0.5}, "step:every=1,gamma=0.5"));
  Optimizer& optimizer = run.optimizer;
  run.step(0);
  run.step(1);
  EXPECT_EQ(optimizer.lr(), 0.25);  // that of the last step
  optimizer.set("lr", 8);
  EXPECT_EQ(optimizer.lr(), 4);
  EXPECT_EQ(optimizer.lr(Group{1}), 8 * 0.3 * 0.5);
  optimizer.set(Group{1}, "lr", 2);
  EXPECT_EQ(optimizer.lr(Group{1}), 1);
  optimizer.set(Group{1}, "lr", 1);  // also where that is the rate in force
  EXPECT_EQ(optimizer.lr(Group{1}), 0.5);
  optimizer.set("beta1", 0.5);
  optimizer.set(Group{0}, "beta2", 0.5);
  Options changed = optimizer.options(Group{2});
  changed.set("eps", 0.25);
  optimizer.set_options(Group{2}, changed);
  EXPECT_EQ(optimizer.lr(), 4);
  EXPECT_EQ(optimizer.lr(Group{2}), 12);
  run.step(2);
  EXPECT_EQ(optimizer.lr(), 2);
  EXPECT_EQ(optimizer.lr(Group{1}), 0.25);
  EXPECT_EQ(optimizer.lr(Group{2}), 6);
  changed = optimizer.options(Group{2});
  changed.set("lr", 1);
  optimizer.set_options(Group{2}, changed);
  EXPECT_EQ(optimizer.lr(Group{2}), 0.25);
  EXPECT_EQ(optimizer.lr(optimizer.add_group("late", Adam{.lr = 16})), 4);
  EXPECT_THAT(error_of([&] { optimizer.set("lr", 1e308 * 10); }), HasSubstr("lr = inf"));
  EXPECT_EQ(optimizer.lr(), 2);
  optimizer.set_schedule({});
  EXPECT_EQ(optimizer.lr(), 8);
  EXPECT_EQ(optimizer.lr(Group{1}), 1);
  EXPECT_EQ(optimizer.lr(Group{2}), 1);
}

TEST(OptimizerSchedule, AtFactor0KeepsTheRateAndTakesAnother) {
  Scheduled run(Description(Adam{.lr = 0.5}, {}, parse_schedule("piecewise_constant:boundaries=1,values=0/1")));
  run.step(0);
  EXPECT_EQ(run.optimizer.lr(), 0);
  run.optimizer.set("beta1", 0.5);
  run.optimizer.set(Group{}, "beta2", 0.5);
  EXPECT_EQ(run.optimizer.description().options.get("lr"), 0.5);
  run.optimizer.set(Group{}, "lr", 0);
  EXPECT_EQ(run.optimizer.description().options.get("lr"), 0);
}

TEST(OptimizerSchedule, WithAnOpenLengthNeedsTheRuns) {
  Scheduled run(grouped(Adam{.lr = 0.5}, "linear"));
  EXPECT_EQ(run.optimizer.lr(), 0.5);
  const auto before = run.bytes();
  EXPECT_THAT(error_of([&] { run.step(0); }), HasSubstr("it is not known how long the run is"));
  EXPECT_THAT(error_of([&] { run.optimizer.set_run_length({}); }), HasSubstr("it is not known how long the run is"));
  EXPECT_THAT(error_of([&] { run.optimizer.set_run_length({.steps_per_epoch = 0, .steps = 4}); }),
              HasSubstr("steps_per_epoch = 0"));
  EXPECT_EQ(run.bytes(), before);
  EXPECT_EQ(run.optimizer.description().text(), grouped(Adam{.lr = 0.5}, "linear").text());
  run.optimizer.set_run_length({.steps = 4});
  for (std::uint32_t t = 0; t < 6; ++t) {
    run.step(t);
    EXPECT_EQ(run.optimizer.lr(), 0.5 * std::max(0.0, 1 - t / 4.0));
  }
  EXPECT_EQ(run.optimizer.schedule()->text(), "linear:steps=4");
}

TEST(OptimizerSchedule, MayBeChangedInTheMiddle) {
  Scheduled run(grouped(Adam{.lr = 0.5}, "step:every=1,gamma=0.5")), other(grouped(Adam{.lr = 0.5}, "linear:steps=4"));
  for (std::uint32_t t = 0; t < 3; ++t) run.step(t);
  run.optimizer.set_schedule(parse_schedule("linear:steps=4"));
  EXPECT_EQ(run.optimizer.lr(), 0.5);
  EXPECT_EQ(run.optimizer.schedule_position(), SchedulePosition{});
  run.step(3);
  run.step(4);
  EXPECT_EQ(run.optimizer.lr(), 0.375);
  run.optimizer.set_schedule(parse_schedule("linear:steps=4"), {.steps = 3});
  EXPECT_EQ(run.optimizer.lr(), 0.125);
  const auto before = run.bytes();
  const double rate_of_head = run.optimizer.lr(Group{2}) / 0.25;
  for (const SchedulePosition& wrong :
       {SchedulePosition{.steps = -1}, SchedulePosition{.reduced = kNan}, SchedulePosition{.reduced = -1},
        SchedulePosition{.best = kNan}, SchedulePosition{.bad = -1}, SchedulePosition{.cooldown = -1}}) {
    EXPECT_THAT(error_of([&] { run.optimizer.set_schedule(parse_schedule("plateau"), wrong); }),
                StartsWith("set_schedule: position: "));
  }
  run.optimizer.set("lr", 1e300);
  const Schedule too_high = parse_schedule("piecewise_constant:boundaries=5,values=1e300/1");
  EXPECT_THAT(error_of([&] { run.optimizer.set_schedule(too_high); }), HasSubstr("schedule: factor 1e+300"));
  EXPECT_EQ(run.optimizer.schedule()->text(), "linear:steps=4");
  EXPECT_EQ(run.optimizer.schedule_position().steps, 3);
  EXPECT_EQ(run.optimizer.lr(), 0.25e300);
  run.optimizer.set_schedule(parse_schedule("linear:start=1e300"));
  EXPECT_THAT(error_of([&] { run.optimizer.set_run_length({.steps = 9}); }), HasSubstr("schedule: factor 1e+300"));
  EXPECT_TRUE(run.optimizer.schedule()->needs_length());
  run.optimizer.set_schedule({});
  run.optimizer.set("lr", 0.5);
  run.optimizer.set(Group{2}, "lr", rate_of_head);
  run.optimizer.set_schedule(parse_schedule("linear:steps=4"), {.steps = 3});
  EXPECT_EQ(run.bytes(), before);
  run.optimizer.set_schedule({});
  EXPECT_EQ(run.optimizer.lr(), 0.5);
  EXPECT_FALSE(run.optimizer.schedule());
  run.step(5);
  EXPECT_EQ(run.optimizer.lr(), 0.5);
}

TEST(OptimizerSchedule, PlateauFollowsItsMetric) {
  const std::string text = "plateau:factor=0.5,patience=1,cooldown=1";
  Scheduled run(grouped(Adam{.lr = 0.5}, text));
  const Schedule schedule = parse_schedule(text);
  SchedulePosition position;
  const double metrics[] = {3, 2, kNan, 2, 2, 5, 5, 5, 1, 1, 1};
  for (std::uint32_t t = 0; t < std::size(metrics); ++t) {
    run.step(t);
    EXPECT_EQ(run.optimizer.lr(), 0.5 * schedule.factor(position));
    ++position.steps;
    schedule.see(metrics[t], position);
    run.optimizer.see_metric(metrics[t]);
    EXPECT_EQ(run.optimizer.schedule_position(), position);
    EXPECT_EQ(run.optimizer.lr(), 0.5 * schedule.factor(position));
    Scheduled loaded(grouped(Adam{.lr = 9}, "cosine:steps=2"));
    loaded.optimizer.load(run.optimizer.state());
    EXPECT_EQ(loaded.optimizer.schedule_position(), position);
    EXPECT_EQ(loaded.bytes(), run.bytes());
  }
  EXPECT_LT(run.optimizer.lr(), 0.5);
  Scheduled none(grouped(Adam{}, "")), cosine(grouped(Adam{}, "cosine:steps=3"));
  EXPECT_THAT(error_of([&] { none.optimizer.see_metric(1); }), HasSubstr("no schedule that follows a metric"));
  EXPECT_THAT(error_of([&] { cosine.optimizer.see_metric(1); }), HasSubstr("follows no metric"));
}

TEST(OptimizerSchedule, ARateThatIsNotAllowedIsToldBeforeTheStep) {
  Scheduled run(grouped(Adam{.lr = 1e300}, "exponential:gamma=1e5"));
  run.step(0);
  run.step(1);
  const auto before = run.bytes();
  const auto parameters = run.parameters;
  EXPECT_THAT(error_of([&] { run.step(2); }), AllOf(HasSubstr("factor"), HasSubstr("lr = inf")));
  EXPECT_EQ(run.bytes(), before);
  EXPECT_EQ(run.parameters, parameters);
  EXPECT_EQ(run.optimizer.lr(), 1e300 * 1e5);
  EXPECT_FALSE(run.optimizer.in_step());
  run.optimizer.set("lr", 1);
  EXPECT_EQ(run.optimizer.lr(), 1e5);
  EXPECT_NO_THROW(run.step(2));
  EXPECT_ANY_THROW(Optimizer(parse_description("adam:lr=1e300 schedule=constant:factor=1e300")));
}

}  // namespace
}  // namespace thalweg::tests
