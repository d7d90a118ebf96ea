// What a state's head says of settings, counters, rules and rows: every part of it that cannot be is refused by name.
#include "engine/numbers.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/nadam.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::HasSubstr;

/// Nadam, whose rows have numbers and scalars.
struct Table {
  explicit Table(StepCount count)
      : optimizer(Nadam{}, {.step_count = count,
                            .dynamic_loss_scale = {.on = true, .interval = 100},
                            .accumulation = {.calls = 2},
                            .check = Check::guard}) {
    optimizer.add("table", table, {3, 2});
    for (int call = 0; call < 3; ++call) optimizer.step({{"table", std::vector<float>(6, 1)}});
  }

  /// The message with which the state is refused in which `from` says `to`.
  std::string refused(const std::string& from, const std::string& to) {
    State state = optimizer.state();
    const std::vector<std::byte> before = safetensors::to_bytes(state);
    std::string& head = state.metadata.at("thalweg");
    const std::size_t at = head.find(from);
    if (at == std::string::npos) ADD_FAILURE() << "the head does not say " << from << ": " << head;
    head.replace(at, from.size(), to);
    const std::string message = error_of([&] { optimizer.load(state); });
    EXPECT_EQ(safetensors::to_bytes(optimizer.state()), before) << "nothing is taken over";
    return message;
  }

  std::vector<float> table = random_numbers<float>(6, 3, "table");
  Optimizer optimizer;
};

TEST(StateKeys, OfSettings) {
  Table table(StepCount::per_parameter);
  const auto refused = [&](const char* from, const char* to) { return table.refused(from, to); };
  EXPECT_THAT(refused(R"("calls":2)", R"("calls":0)"), HasSubstr("accumulation: calls = 0 is outside"));
  EXPECT_THAT(refused(R"("calls":2)", R"("cals":2)"), HasSubstr("accumulation: unknown key 'cals'"));
  EXPECT_THAT(refused(R"("mean":true)", R"("mean":1)"), HasSubstr("accumulation: mean"));
  EXPECT_THAT(refused(R"("growth":2)", R"("growth":1)"), HasSubstr("dynamic_loss_scale: growth = 1 is outside"));
  EXPECT_THAT(refused(R"("backoff":0.5)", R"("backoff":2)"), HasSubstr("dynamic_loss_scale: backoff = 2"));
  EXPECT_THAT(refused(R"("interval":100)", R"("interval":0)"), HasSubstr("dynamic_loss_scale: interval = 0"));
  EXPECT_THAT(refused(R"("interval":100)", R"("intervall":1)"), HasSubstr("did you mean interval?"));
  EXPECT_THAT(refused(R"("step_count":"per_parameter")", R"("step_count":"per_row")"),
              HasSubstr("step_count is per_row, the optimizer's is per_parameter"));
  EXPECT_THAT(refused(R"("step_count":"per_parameter")", R"("step_count":"per_raw")"), HasSubstr("per_row"));
}

TEST(StateKeys, OfChecksAndFirstValues) {
  Table table(StepCount::per_parameter);
  const auto refused = [&](const char* from, const char* to) { return table.refused(from, to); };
  EXPECT_THAT(refused(R"("check":"guard")", R"("check":"gard")"), HasSubstr("did you mean guard?"));
  EXPECT_THAT(refused(R"("check":"guard")", R"("check":"off")"), HasSubstr("needs check guard"));
  EXPECT_THAT(refused(R"("first_values":{})", R"("first_values":{"w":1})"), HasSubstr("nadam has no column \"w\""));
  EXPECT_THAT(refused(R"("first_values":{})", R"("first_values":{"v":"1"})"), HasSubstr("first_values: v"));
  EXPECT_THAT(refused(R"("first_values":{})", R"("first_values":[])"), HasSubstr("first_values"));
}

TEST(StateKeys, ChecksAndFirstValuesAreTakenOver) {
  std::vector<float> a(3, 1), b(3, 1);
  Optimizer saved(Nadam{}, {.first_values = {{"v", 0.25}}, .check = Check::guard}), loaded(Nadam{});
  saved.add("a", a);
  loaded.add("a", b);
  loaded.load(saved.state());
  EXPECT_EQ(loaded.settings().check, Check::guard);
  EXPECT_EQ(loaded.settings().first_values, saved.settings().first_values);
  for (Optimizer* optimizer : {&saved, &loaded}) optimizer->step({{"a", std::vector<float>(3, 0.5f)}});
  EXPECT_EQ(a, b) << "a column that the next step makes begins where it would have";

  // A state that says nothing of them leaves what the optimizer has.
  State old = Optimizer(Nadam{}).state();
  std::string& head = old.metadata.at("thalweg");
  for (const char* part : {R"("check":"detect",)", R"("first_values":{},)"}) {
    const std::size_t at = head.find(part);
    ASSERT_NE(at, std::string::npos) << head;
    head.erase(at, std::string(part).size());
  }
  Optimizer own(Nadam{}, {.first_values = {{"v", 0.25}}, .check = Check::off});
  own.load(old);
  EXPECT_EQ(own.settings().check, Check::off);
  EXPECT_EQ(own.settings().first_values, saved.settings().first_values);
}

TEST(StateKeys, OfCounters) {
  Table table(StepCount::per_parameter);
  const auto refused = [&](const char* from, const char* to) { return table.refused(from, to); };
  EXPECT_THAT(refused(R"("refused_steps":0)", R"("refused_steps":-1)"), HasSubstr("refused_steps = -1 is outside"));
  EXPECT_THAT(refused(R"("good_steps":1)", R"("good_steps":100)"), HasSubstr("good_steps = 100 is outside [0, 100)"));
  EXPECT_THAT(refused(R"("good_steps":1)", R"("good_steps":0.5)"), HasSubstr("good_steps"));
  EXPECT_THAT(refused(R"("accumulated_calls":1)", R"("accumulated_calls":-1)"), HasSubstr("accumulated_calls = -1"));
  EXPECT_THAT(refused(R"("accumulated_calls":1)", R"("accumulated_calls":0)"),
              HasSubstr("\"table\": accumulated = 1 is outside [0, 0]"));
  EXPECT_THAT(refused(R"("accumulated":1)", R"("accumulated":0)"), HasSubstr("\"table/accumulated\" belongs to no"));
}

TEST(StateKeys, OfRules) {
  Table table(StepCount::per_parameter);
  const auto refused = [&](const char* from, const char* to) { return table.refused(from, to); };
  EXPECT_THAT(refused(R"("rule":"nadam")", R"("rule":"nadams")"), HasSubstr("did you mean nadam"));
  EXPECT_THAT(refused(R"("rule":"nadam")", R"("rule":"sgd")"),
              HasSubstr("group \"\" is of rule sgd, the optimizer's is nadam"));
  EXPECT_THAT(refused(R"("rule":"nadam")", R"("rule":7)"), HasSubstr("rule"));
  EXPECT_THAT(refused(R"("version":2)", R"("version":4)"), HasSubstr("version 4 is newer"));
}

TEST(StateKeys, OfRows) {
  Table table(StepCount::per_row);
  const auto refused = [&](const char* from, const char* to) { return table.refused(from, to); };
  EXPECT_THAT(refused(R"("rows":3)", R"("rows":4)"), HasSubstr("numbers of more rows than the 3 that it has"));
  EXPECT_THAT(refused(R"("rows":3)", R"("rows":2)"), HasSubstr("numbers of 2 rows, the optimizer's has 3"));
  EXPECT_THAT(refused(R"("rows":3)", R"("rows":-3)"), HasSubstr("rows = -3 is outside"));
  EXPECT_THAT(refused(R"("rows":3)", R"("row":3)"), HasSubstr("rows"));
  EXPECT_THAT(refused(R"("rows":[)", R"("rows":[7,)"), HasSubstr("\"table\""));
  EXPECT_THAT(refused(R"("mu_product":)", R"("mu_product":-)"), HasSubstr("mu_product"));
}

}  // namespace
}  // namespace thalweg::tests
