// Schedules of PyTorch and Keras read from their own words give the rates that were recorded, and stand where theirs
// do.
#include "checkpoint/json.h"
#include "error_of.h"
#include "golden_file.h"

#include <thalweg/dialects.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kSavedAfter = 80;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const json::Array& cases(const std::string& peer) {
  static const json::Value all = json::parse(read_golden_file("schedules"), "schedules");
  return all.at(peer, "schedules").array(peer);
}

std::string text_of(const json::Value& value, std::string_view key) { return value.at(key, "case").string(key); }

std::vector<double> numbers(const json::Value& value) {
  std::vector<double> result;
  for (const json::Value& number : value.array("numbers")) {
    result.push_back(number.is_null() ? kNan : number.number("numbers"));
  }
  return result;
}

/// A recorded run of one group of PyTorch.
struct TorchRun {
  const json::Value& recorded;
  std::size_t index;
  std::vector<double> rates;
  std::vector<double> metrics;

  std::string scheduler() const { return text_of(recorded, "class"); }
  const json::Value& group(const char* key) const { return recorded.at(key, "case").array(key).at(index); }
  RateSchedule read(const char* state, const char* groups) const {
    return schedule_from_torch(json::to_string(recorded.at(state, "case")), json::to_string(group(groups)), {}, index);
  }
  /// Beyond its end PyTorch's goes on falling, and then throws; thalweg's stays.
  std::size_t ticks() const {
    const json::Value* const end = recorded.at("state", "case").find("total_steps", "state");
    return end == nullptr ? rates.size() : std::min<std::size_t>(rates.size(), end->unsigned_integer("total_steps"));
  }
};

std::vector<TorchRun> torch_runs() {
  std::vector<TorchRun> runs;
  for (const json::Value& recorded : cases("torch")) {
    if (recorded.find("refused", "case") != nullptr) continue;
    const json::Array& groups = recorded.at("lrs", "case").array("lrs");
    const json::Value* const metrics = recorded.find("metrics", "case");
    for (std::size_t index = 0; index < groups.size(); ++index) {
      runs.push_back(
          {recorded, index, numbers(groups[index]), metrics == nullptr ? std::vector<double>() : numbers(*metrics)});
    }
  }
  return runs;
}

/// Takes one step, after which a plateau sees its metric, as PyTorch's are called.
void go_on(const RateSchedule& here, const std::vector<double>& metrics, SchedulePosition& position) {
  const auto tick = static_cast<std::size_t>(position.steps);
  ++position.steps;
  if (!metrics.empty()) here.schedule.see(metrics.at(tick), position);
}

/// How far two rates may be apart: PyTorch multiplies most of its own from step to step, and where they come to nothing
/// what is left of their roundings is no share of them.
double allowed_of(double rate, double largest) { return 1e-12 * std::abs(rate) + 1e-15 * largest; }

TEST(ScheduleGoldens, PyTorchsRates) {
  std::map<std::string, int> read;
  for (const TorchRun& run : torch_runs()) {
    SCOPED_TRACE(text_of(run.recorded, "name") + ", group " + std::to_string(run.index));
    const RateSchedule here = run.read("state", "groups");
    EXPECT_EQ(here.position, SchedulePosition());
    SchedulePosition position = here.position;
    const double largest = std::ranges::max(run.rates);
    for (std::size_t tick = 0; tick < run.ticks(); ++tick) {
      const double rate = here.lr * here.schedule.factor(position);
      ASSERT_NEAR(rate, run.rates[tick], allowed_of(run.rates[tick], largest)) << "tick " << tick;
      go_on(here, run.metrics, position);
    }
    ++read[run.scheduler()];
  }
  EXPECT_EQ(read.size(), 12);
}

TEST(ScheduleGoldens, OneCycleStaysAtItsEnd) {
  for (const TorchRun& run : torch_runs()) {
    if (run.ticks() == run.rates.size()) continue;
    const RateSchedule here = run.read("state", "groups");
    const auto end = static_cast<std::int64_t>(run.ticks());
    EXPECT_EQ(here.schedule.factor(end + 1), here.schedule.factor(end));
    EXPECT_EQ(here.schedule.factor(end + 1000), here.schedule.factor(end));
    EXPECT_NEAR(here.lr * here.schedule.factor(end), run.rates[run.ticks() - 1], 1e-15);
  }
}

TEST(ScheduleGoldens, PyTorchsPositions) {
  for (const TorchRun& run : torch_runs()) {
    SCOPED_TRACE(text_of(run.recorded, "name") + ", group " + std::to_string(run.index));
    const RateSchedule here = run.read("state", "groups"), later = run.read("state_after", "groups_after");
    SchedulePosition position = here.position;
    while (position.steps < kSavedAfter) go_on(here, run.metrics, position);
    EXPECT_DOUBLE_EQ(later.lr * later.position.reduced, here.lr * position.reduced);
    if (here.schedule.needs_metric()) {
      position.reduced = 1;  // its present rate is all that PyTorch keeps
    } else {
      EXPECT_EQ(later.schedule.text(), here.schedule.text());
    }
    EXPECT_EQ(later.position, position);
    position = later.position;
    const double largest = std::ranges::max(run.rates);
    while (static_cast<std::size_t>(position.steps) < run.ticks()) {
      const double rate = run.rates[static_cast<std::size_t>(position.steps)];
      ASSERT_NEAR(later.lr * later.schedule.factor(position), rate, allowed_of(rate, largest)) << position.steps;
      go_on(later, run.metrics, position);
    }
  }
}

TEST(ScheduleGoldens, APlateausFirstRateMayBeThere) {
  for (const TorchRun& run : torch_runs()) {
    if (run.metrics.empty()) continue;
    SCOPED_TRACE(text_of(run.recorded, "name"));
    const RateSchedule here = run.read("state", "groups");
    json::Value group = run.group("groups_after");
    group["initial_lr"] = run.rates.front();
    const RateSchedule later = schedule_from_torch(json::to_string(run.recorded.at("state_after", "case")),
                                                   json::to_string(group), "ReduceLROnPlateau", run.index);
    SchedulePosition position = here.position;
    while (position.steps < kSavedAfter) go_on(here, run.metrics, position);
    EXPECT_NEAR(later.position.reduced, position.reduced, 1e-12 * position.reduced);
    position.reduced = later.position.reduced;
    EXPECT_EQ(later.position, position);
    EXPECT_EQ(later.schedule.text(), here.schedule.text());
    EXPECT_EQ(later.lr, here.lr);
  }
}

TEST(ScheduleGoldens, InfinitiesOfPyTorchsStates) {
  int infinite = 0;
  for (const TorchRun& run : torch_runs()) {
    const std::string text = text_of(run.recorded, "state_text");
    const auto read = [&](const std::string& state) {
      return schedule_from_torch(state, json::to_string(run.group("groups")), {}, run.index);
    };
    if (text.find("Infinity") == std::string::npos) {
      EXPECT_EQ(read(text).schedule.text(), run.read("state", "groups").schedule.text());
      continue;
    }
    ++infinite;
    EXPECT_THAT(error_of([&] { read(text); }),
                AllOf(HasSubstr("mode_worse = "), HasSubstr("null or \"Infinity\" for those of a ReduceLROnPlateau")));
    json::Value state = run.recorded.at("state", "case");
    state["best"] = state["mode_worse"] = nullptr;
    const RateSchedule with_null = read(json::to_string(state));
    EXPECT_EQ(with_null.position, SchedulePosition());
    // The other one is a metric that was seen: nothing is better for ever after.
    const bool smaller = state.at("mode", "state").string("mode") == "min";
    state["best"] = smaller ? "-Infinity" : "Infinity";
    EXPECT_THAT(error_of([&] { read(json::to_string(state)); }),
                HasSubstr("Infinity' has no counterpart; allowed is a number, null or '"));
  }
  EXPECT_GT(infinite, 0);
}

TEST(ScheduleGoldens, PyTorchsNames) {
  for (const TorchRun& run : torch_runs()) {
    const std::string state = json::to_string(run.recorded.at("state", "case")),
                      group = json::to_string(run.group("groups")),
                      groups = json::to_string(run.recorded.at("groups", "case"));
    const RateSchedule here =
        schedule_from_torch(state, group, "torch.optim.lr_scheduler." + run.scheduler(), run.index);
    EXPECT_EQ(here.schedule.text(), schedule_from_torch(state, groups, {}, run.index).schedule.text());
    for (const char* other : {"StepLR", "CyclicLR", "ExponentialLR", "LambdaLR", "SequentialLR"}) {
      if (run.scheduler() == other) continue;
      EXPECT_THAT(error_of([&] { schedule_from_torch(state, group, other, run.index); }),
                  AllOf(HasSubstr("torch " + std::string(other) + ": the key "),
                        HasSubstr(run.scheduler() + "'s, and contradicts the name")));
    }
  }
}

TEST(ScheduleGoldens, PyTorchsRefused) {
  const std::map<std::string, std::string> reasons{
      {"LambdaLR(", "torch LambdaLR or MultiplicativeLR follows a Python function"},
      {"MultiplicativeLR(", "torch LambdaLR or MultiplicativeLR follows a Python function"},
      {"ChainedScheduler(", "torch ChainedScheduler multiplies several schedulers"},
      {"OneCycleLR(", "torch OneCycleLR: cycle_momentum = true has no counterpart"},
      {"CyclicLR(base_lr=0.02, max_lr=0.3, step_size_up=20, cycle_momentum=True",
       "torch CyclicLR: cycle_momentum = true has no counterpart"},
      {"CyclicLR(base_lr=0.02, max_lr=0.3, step_size_up=20, cycle_momentum=False, scale_fn=halving",
       "torch CyclicLR: scale_mode = 'iterations' with mode = 'triangular' has no counterpart"},
      {"CyclicLR(base_lr=0.02, max_lr=0.3, step_size_up=20, cycle_momentum=False, scale_fn=Named",
       "torch CyclicLR: _scale_fn_custom, a scale_fn of one's own, has no counterpart"},
      {"SequentialLR(", "torch SequentialLR: _schedulers[1]: LambdaLR or MultiplicativeLR follows a Python function"},
  };
  int refused = 0;
  for (const json::Value& recorded : cases("torch")) {
    if (recorded.find("refused", "case") == nullptr) continue;
    const std::string name = text_of(recorded, "name");
    const auto reason = std::ranges::find_if(reasons, [&](const auto& entry) { return name.starts_with(entry.first); });
    ASSERT_NE(reason, reasons.end()) << name;
    EXPECT_THAT(error_of([&] {
                  schedule_from_torch(json::to_string(recorded.at("state", name)),
                                      json::to_string(recorded.at("group", name)));
                }),
                HasSubstr(reason->second));
    ++refused;
  }
  EXPECT_EQ(refused, 10);
}

TEST(ScheduleGoldens, KerasRates) {
  std::map<std::string, int> read;
  for (const json::Value& recorded : cases("keras")) {
    SCOPED_TRACE(text_of(recorded, "name"));
    const std::string config = json::to_string(recorded.at("config", "case"));
    const RateSchedule here = schedule_from_keras(config);
    EXPECT_EQ(here.position, SchedulePosition());
    const RateSchedule again = schedule_from_keras(schedule_to_keras(here));
    EXPECT_EQ(again.schedule.text(), here.schedule.text());
    EXPECT_EQ(again.lr, here.lr);
    const std::vector<double> rates = numbers(recorded.at("lrs", "case"));
    const bool is_float64 = text_of(recorded, "dtype") == "float64";
    const double largest = std::ranges::max(rates);
    for (std::size_t step = 0; step < rates.size(); ++step) {
      const double rate = here.lr * here.schedule.factor(static_cast<std::int64_t>(step) + 1);
      ASSERT_NEAR(rate, rates[step], is_float64 ? 1e-12 * rates[step] : 2e-6 * largest) << step;
    }
    ++read[text_of(recorded.at("config", "case"), "class_name")];
  }
  EXPECT_EQ(read.size(), 6);
}

}  // namespace
}  // namespace thalweg::tests
