// Schedules as text and as JSON: there and back, and what is said about wrong ones.
#include "checkpoint/json.h"
#include "error_of.h"

#include <thalweg/schedule.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Values that are allowed, and seldom a default.
std::vector<std::string> values_of(const ScheduleInfo::Option& option) {
  if (option.allowed == "true or false") return {option.default_value == "true" ? "false" : "true"};
  if (option.allowed.starts_with("numbers")) return {"1/2.5/40", "0.1", "3/3/3/3"};
  if (option.allowed == "[0, 1]" || option.allowed == "[0, 1)") return {"0.625", "0.1234567890123456", "0"};
  if (option.allowed.ends_with("∞)")) return {"1.5", "3", "1e+300", "12345.678901234567"};
  std::vector<std::string> words;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string::npos; begin = end + 2) {
    end = option.allowed.find(", ", begin);
    words.push_back(option.allowed.substr(begin, end - begin));
  }
  return words;
}

/// What a kind cannot be without, beside this option.
std::string needed(std::string_view kind, std::string_view option) {
  if (kind == "multi_step" && option != "milestones") return "milestones=5/6";
  return {};
}

void expect_there_and_back(const Schedule& schedule) {
  EXPECT_EQ(parse_schedule(schedule.text()).text(), schedule.text());
  EXPECT_EQ(to_json(parse_schedule(schedule.text())), to_json(schedule));
  EXPECT_EQ(to_json(schedule_from_json(to_json(schedule))), to_json(schedule));
  EXPECT_EQ(schedule_from_json(to_json(schedule)).text(), schedule.text());
}

TEST(ScheduleTexts, EveryOptionOfEveryKind) {
  EXPECT_EQ(schedules().size(), std::variant_size_v<Schedule::Kind>);
  for (const ScheduleInfo& info : schedules()) {
    if (info.name == "piecewise_constant") continue;  // below: its options go together
    for (const ScheduleInfo::Option& option : info.options) {
      for (const std::string& value : values_of(option)) {
        if (value == option.default_value) continue;
        std::string text = std::string(info.name) + ":" + needed(info.name, option.name);
        if (!text.ends_with(':')) text += ',';
        text += std::string(option.name) + "=" + value;
        SCOPED_TRACE(text);
        const Schedule schedule = parse_schedule(text);
        EXPECT_EQ(schedule.text(), text);
        expect_there_and_back(schedule);
        // JSON has all options, a member of each; that of this one is its value.
        const json::Value json = json::parse(to_json(schedule), "json");
        const json::Value& member = json.at(option.name, "json");
        if (member.is_string()) {
          EXPECT_EQ(member.string("word"), value);
        }
        if (option.allowed.ends_with("∞)")) {
          EXPECT_EQ(member.number("number"), std::stod(value));
        }
      }
    }
  }
}

TEST(ScheduleTexts, DefaultsNeedNoWords) {
  for (const ScheduleInfo& info : schedules()) {
    std::string text(info.name), all = text;
    for (const ScheduleInfo::Option& option : info.options) {
      if (!option.default_value.empty()) {
        all += (all == text ? ":" : ",") + std::string(option.name) + "=" + option.default_value;
      }
    }
    if (info.name == "multi_step" || info.name == "piecewise_constant") continue;  // they need some
    EXPECT_EQ(parse_schedule(all).text(), text);
    EXPECT_EQ(parse_schedule(text).text(), text);
    EXPECT_EQ(schedule_from_json(R"({"kind": ")" + text + R"("})").text(), text);
  }
}

TEST(ScheduleTexts, SchedulesAsAWhole) {
  const std::string three =
      "linear:start=0.1,end=1,steps=20,warmup=5,warmup_from=0.25,warmup_kind=exponential,interval=epoch,"
      "then=step:every=7,length=60,then=cosine:floor=0.1,cycle=true";
  for (const std::string& text : std::vector<std::string>{
           three, "piecewise_constant:boundaries=1.5/2/1e+300,values=0.5/7/0/3",
           "cosine:floor=0.1,steps=10000,warmup=500", "cosine:warmup=500,warmup_from=0.01,warmup_kind=exponential",
           "constant:warmup=0.5,warmup_from=1", "exponential:staircase=true,interval=epoch",
           "linear:steps=20,length=5,then=one_cycle:steps=30,length=90,then=cyclic:up=7,down=8,mode=exp_range,gamma=0."
           "9",
           "constant:factor=0.5,length=5,then=plateau:mode=max,threshold_mode=abs,length=9,then=inverse_time",
           "multi_step:milestones=1/2/2/3,gamma=0,length=0.5,then=multi_step:milestones=0"}) {
    SCOPED_TRACE(text);
    const Schedule schedule = parse_schedule(text);
    EXPECT_EQ(schedule.text(), text);
    expect_there_and_back(schedule);
  }
  // A length that the kind's own steps say, and steps that the length says.
  EXPECT_EQ(parse_schedule("linear:length=30,then=constant").text(), "linear:steps=30,then=constant");
  EXPECT_EQ(parse_schedule("linear:length=30,steps=30,then=constant").text(), "linear:steps=30,then=constant");
  const Schedule parsed = parse_schedule("linear:steps=20,interval=epoch,warmup=3,then=constant:factor=0.5");
  EXPECT_EQ(parsed.parts().size(), 2);
  EXPECT_EQ(parsed.parts()[0].length, 20);
  EXPECT_EQ(parsed.parts()[1].length, 0);
  EXPECT_EQ(parsed.warmup().steps, 3);
  EXPECT_EQ(parsed.interval(), Interval::epoch);
  EXPECT_EQ(std::get<schedule::Constant>(parsed.parts()[1].kind).factor, 0.5);
}

struct Wrong {
  std::string text, said;
};

TEST(ScheduleTexts, WrongTexts) {
  for (const auto& [text, said] : std::vector<Wrong>{
           {"", "at 1: unknown schedule ''"},
           {"cosin", "at 1: unknown schedule 'cosin'; did you mean cosine"},
           {"warmup=5", "unknown schedule 'warmup=5'; known: constant, step,"},
           {"cosine:flor=1", "at 8: unknown option 'flor'; did you mean floor?"},
           {"cosine:steps=9,warmpu=1", "at 16: unknown option 'warmpu'; did you mean warmup"},
           {"cosine:floor=1,floor=1", "at 16: floor is given twice"},
           {"cosine:floor=x", "at 8: floor = 'x' is no number; allowed is [0, ∞)"},
           {"cosine:steps=", "at 8: steps = '' is no number; allowed is [0, ∞)"},
           {"cosine:steps=1x", "steps = '1x' is no number"},
           {"cosine:steps=1e999", "steps = '1e999' is too large or too small"},
           {"cosine:floor", "at 8: 'floor' is not of the form option=value"},
           {"cosine:", "at 8: '' is not of the form option=value"},
           {"cosine:floor=1,", "at 16: '' is not of the form option=value"},
           {"cosine floor=1", "at 7: ' floor=1' is not expected here"},
           {"cosine,floor=1", "at 7: ',floor=1' is not expected here"},
           {"cosine:floor=1 ", "at 15: ' ' is not expected here"},
           {"cosine:steps=-1", "at 8: steps = -1 is outside [0, ∞)"},
           {"cosine:steps=inf", "steps = inf is outside [0, ∞)"},
           {"cosine:floor=nan", "floor = nan is outside [0, ∞)"},
           {"cosine:floor=-inf", "floor = -inf is outside [0, ∞)"},
           {"exponential:gamma=0", "gamma = 0 is outside (0, ∞)"},
           {"one_cycle:pct_start=1.1", "pct_start = 1.1 is outside [0, 1]"},
           {"plateau:factor=1", "factor = 1 is outside [0, 1)"},
           {"cosine_restarts:t_mult=0.5", "t_mult = 0.5 is outside [1, ∞)"},
           {"cosine:cycle=yes", "cycle = 'yes' is not true or false"},
           {"one_cycle:anneal=cosine", "anneal = 'cosine' is unknown; did you mean cos"},
           {"cosine:warmup_kind=lin", "warmup_kind = 'lin' is unknown; did you mean linear"},
           {"cosine:interval=steps", "interval = 'steps' is unknown; did you mean step"},
           {"multi_step", "multi_step: milestones is missing, and has no default"},
           {"multi_step:milestones=", "milestones = '' is no number"},
           {"multi_step:milestones=1//2", "milestones = '' is no number"},
           {"multi_step:milestones=1/x/2", "milestones = 'x' is no number; allowed is numbers, as 1/2/3"},
           {"multi_step:milestones=1/-2", "milestones = -2 is outside [0, ∞)"},
           {"multi_step:milestones=1/inf", "milestones = inf is outside [0, ∞)"},
           {"multi_step:milestones=30/20", "milestones do not ascend"},
           {"piecewise_constant:values=1", "boundaries is missing"},
           {"piecewise_constant:boundaries=1/2,values=1/2", "2 values for 2 boundaries; allowed is one more"},
           {"piecewise_constant:boundaries=2/1,values=1/2/3", "boundaries do not ascend"},
           {"cosine:warmup=-1", "warmup = -1 is outside [0, ∞)"},
           {"cosine:warmup_from=1.5", "warmup_from = 1.5 is outside [0, 1]"},
           {"cosine:warmup=5,warmup_kind=exponential", "cannot rise from 0; warmup_from says from where"},
           {"cosine:steps=100,warmup=100", "cosine: warmup = 100 leaves nothing of its 100 steps"},
           {"linear:steps=50,length=90,warmup=60,then=constant", "linear: warmup = 60 leaves nothing of its 50 steps"},
           {"linear:steps=90,length=50,warmup=60,then=constant", "linear: warmup = 60 leaves nothing of its 50 steps"},
           {"constant:length=5", "length means nothing where no part follows"},
           {"constant:length=0,then=constant", "length = 0 is outside (0, ∞)"},
           {"step:then=cosine", "step: it needs a length, as another follows it"},
           {"cosine:then=step", "cosine: it needs a length, as another follows it"},
           {"constant:steps=5,then=", "at 23: unknown schedule ''"},
           {"constant:steps=5,then=cosin", "at 23: unknown schedule 'cosin'"},
           {"constant:steps=5,then=step:warmup=3", "at 28: unknown option 'warmup'"},
           {"constant:steps=5,ten=step", "unknown option 'ten'; did you mean then"},
           {"plateau:length=5,then=plateau", "there are two plateaus, which would share a metric"}}) {
    EXPECT_THAT(error_of([&, t = text] { parse_schedule(t); }),
                AllOf(StartsWith("schedule '" + text + "'"), HasSubstr(said)));
  }
}

TEST(ScheduleTexts, WrongNumbersOfTheStructs) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(error_of([&] { Schedule(schedule::Cosine{.floor = nan}); }),
              HasSubstr("schedule cosine: floor = nan is outside [0, ∞)"));
  EXPECT_THAT(error_of([&] { Schedule(schedule::StepDecay{.every = 0}); }),
              HasSubstr("schedule step: every = 0 is outside (0, ∞)"));
  EXPECT_THAT(error_of([&] { Schedule(schedule::MultiStep{{1, infinity}}); }), HasSubstr("milestones = inf"));
  EXPECT_THAT(error_of([&] { Schedule(schedule::Cosine(), {.steps = nan}); }), HasSubstr("warmup = nan is outside"));
  EXPECT_THAT(error_of([&] { Schedule(schedule::Cosine(), {.steps = infinity}); }), HasSubstr("warmup = inf"));
  EXPECT_THAT(error_of([&] { Schedule(schedule::Cosine(), {.from = nan}); }), HasSubstr("warmup_from = nan"));
  EXPECT_THAT(error_of([&] { Schedule(std::vector<Schedule::Part>()); }), HasSubstr("there is no part"));
  for (const double length : {-1.0, nan, infinity}) {
    const std::vector<Schedule::Part> parts{{schedule::StepDecay(), length}, {schedule::StepDecay(), 0}};
    EXPECT_THAT(error_of([&] { Schedule{parts}; }), AllOf(HasSubstr("length = "), HasSubstr("is outside (0, ∞)")));
  }
}

TEST(ScheduleTexts, WrongJson) {
  for (const auto& [text, said] : std::vector<Wrong>{
           {"", "offset 0: expected a value"},
           {"[]", "an array stands where an object belongs"},
           {"{}", "kind"},
           {R"({"kind": 3})", "schedule: kind: the number 3 stands where a string belongs"},
           {R"({"kind": "cosin"})", "unknown schedule 'cosin'; did you mean cosine"},
           {R"({"kind": "cosine", "flor": 1})", "schedule: cosine: unknown key 'flor'; did you mean floor"},
           {R"({"kind": "cosine", "floor": "1"})",
            "schedule: cosine: floor: the string \"1\" stands where a number belongs"},
           {R"({"kind": "cosine", "floor": null})", "floor: null stands where a number belongs"},
           {R"({"kind": "cosine", "floor": 1e999})", "outside the range of a double"},
           {R"({"kind": "cosine", "floor": NaN})", "expected a value"},
           {R"({"kind": "cosine", "floor": 1, "floor": 1})", "duplicate key \"floor\""},
           {R"({"kind": "cosine", "steps": -1})", "schedule: cosine: steps = -1 is outside [0, ∞)"},
           {R"({"kind": "cosine", "cycle": 1})", "cycle: the number 1 stands where true or false belongs"},
           {R"({"kind": "cosine", "interval": "steps"})", "interval = 'steps' is unknown; did you mean step"},
           {R"({"kind": "cosine", "interval": 1})", "stands where a string belongs"},
           {R"({"kind": "multi_step"})", "milestones is missing"},
           {R"({"kind": "multi_step", "milestones": 3})", "milestones: the number 3 stands where an array belongs"},
           {R"({"kind": "multi_step", "milestones": [1, "2"]})",
            "milestones: the string \"2\" stands where a number belongs"},
           {R"({"kind": "constant", "length": 3})", "length means nothing where no part follows"},
           {R"({"kind": "constant", "then": null, "length": 3})", "null stands where an object belongs"},
           {R"({"kind": "constant", "length": 3, "then": {"kind": "cosine", "warmup": 3}})", "unknown key 'warmup'"},
           {R"({"kind": "constant", "length": 3, "tehn": {"kind": "cosine"}})",
            "unknown key 'tehn'; did you mean then"}}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(error_of([&, t = text] { schedule_from_json(t); }), AllOf(StartsWith("schedule: "), HasSubstr(said)));
  }
}

TEST(ScheduleTexts, ManyParts) {
  const auto text_of = [](int parts) {
    std::string text = "constant:steps=1";
    for (int i = 1; i < parts; ++i) text += ",then=constant:steps=1";
    return text;
  };
  const Schedule most = parse_schedule(text_of(100));
  EXPECT_EQ(most.text(), text_of(100));
  expect_there_and_back(most);
  for (const int parts : {101, 100'000}) {
    EXPECT_THAT(error_of([&] { parse_schedule(text_of(parts)); }),
                HasSubstr("there are more than 100 parts, which is the most allowed"));
  }
  EXPECT_THAT(error_of([] {
                Schedule(std::vector<Schedule::Part>(101, {schedule::Constant(), 1}));
              }),
              HasSubstr("more than 100 parts"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"kind": "constant", "steps": 1, "then": )";
  EXPECT_THAT(error_of([&] { schedule_from_json(deep); }), HasSubstr("nested deeper"));
}

TEST(ScheduleTexts, LongOnes) {
  std::string list = "multi_step:milestones=0";
  for (int i = 1; i < 100'000; ++i) list += "/" + std::to_string(i);
  EXPECT_EQ(parse_schedule(list).text(), list);
  EXPECT_DOUBLE_EQ(parse_schedule(list).factor(3), 1e-3);
  const std::string name(1'000'000, 'x');
  for (const std::string& text :
       {name, "cosine:" + name, "cosine:" + name + "=1", "cosine:floor=" + name, "cosine:cycle=" + name,
        "cosine:interval=" + name, "cosine" + std::string(1'000'000, ' ')}) {
    EXPECT_LT(error_of([&] { parse_schedule(text); }).size(), 2000);
  }
}

}  // namespace
}  // namespace thalweg::tests
