// Schedules in PyTorch's and Keras' words: what no recording has, and what is refused.
#include "error_of.h"

#include <thalweg/dialects.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A state with the keys that all have, of one group.
std::string state(const std::string& keys, double base = 0.5) {
  return "{" + keys + R"(, "base_lrs": [)" + std::to_string(base) + R"(], "last_epoch": 3})";
}

std::string text_of(const std::string& keys, const std::string& group = "{}") {
  return schedule_from_torch(state(keys), group).schedule.text();
}

constexpr const char* kOneCycle =
    R"("total_steps": 100, "_anneal_func_type": "linear", "cycle_momentum": false, "_schedule_phases": [{"end_step": 24}, )";
constexpr const char* kOneCycleGroup = R"({"initial_lr": 0.02, "max_lr": 0.5, "min_lr": 0.0002, "lr": 0.02})";
constexpr const char* kCyclic =
    R"("gamma": 0.9, "_scale_fn_custom": null, "cycle_momentum": false, "base_lrs": [0.1], "last_epoch": 0, )";
constexpr const char* kPlateau =
    R"({"factor": 0.5, "patience": 3, "cooldown": 1, "threshold": 0.01, "mode": "min", "threshold_mode": "abs",
        "eps": 0.001, "min_lrs": [0.1], "last_epoch": 9, "num_bad_epochs": 2, "cooldown_counter": 1, )";
constexpr const char* kLinear =
    R"({"start_factor": 0.1, "end_factor": 1.0, "total_iters": 20, "base_lrs": [0.5], "last_epoch": 3})";

TEST(DialectsSchedules, KeysOfPyTorch) {
  EXPECT_EQ(text_of(R"("step_size": 30, "gamma": 0.6)"), "step:every=30,gamma=0.6");
  EXPECT_EQ(text_of(R"("step_size": 30.0, "gamma": 1, "verbose": false)"), "step:every=30,gamma=1");
  EXPECT_EQ(text_of(R"("milestones": {"60": 2, "7": 1}, "gamma": 0.5)"), "multi_step:milestones=7/60/60,gamma=0.5");
  EXPECT_EQ(text_of(R"("milestones": [60, 7, 60], "gamma": 0.5)"), "multi_step:milestones=7/60/60,gamma=0.5");
  EXPECT_EQ(text_of(R"("T_max": 60, "eta_min": 0.1)"), "cosine:floor=0.2,steps=60,cycle=true");
  EXPECT_EQ(text_of(R"("T_0": 20, "T_mult": 2, "eta_min": 0, "T_i": 20, "T_cur": 3)"),
            "cosine_restarts:period=20,t_mult=2");
  EXPECT_EQ(text_of(kOneCycle + std::string(R"({"end_step": 99}])"), kOneCycleGroup),
            "one_cycle:steps=100,pct_start=0.25,anneal=linear,final_div_factor=100");
  EXPECT_EQ(text_of(kOneCycle + std::string(R"({"end_step": 48}, {"end_step": 99}])"), kOneCycleGroup),
            "one_cycle:steps=100,pct_start=0.25,anneal=linear,final_div_factor=100,three_phase=true");
  const RateSchedule cyclic =
      schedule_from_torch("{" + std::string(kCyclic) +
                              R"("mode": "triangular2", "scale_mode": "cycle", "total_size": 55.0, )"
                              R"("step_ratio": 0.36363636363636365, "max_lrs": [0.4]})",
                          "{}");
  EXPECT_EQ(cyclic.schedule.text(), "cyclic:floor=0.25,up=20,down=35,mode=triangular2");
  EXPECT_EQ(cyclic.lr, 0.4);
  EXPECT_EQ(schedule_from_torch(state(R"("step_size": 30, "gamma": 0.6)"), "{}").position.steps, 3);
  EXPECT_EQ(schedule_from_torch(state(R"("gamma": 0.6)"), "{}", "exponential_lr").schedule.text(),
            "exponential:gamma=0.6");
}

TEST(DialectsSchedules, PyTorchWithoutAnyTicks) {
  EXPECT_EQ(text_of(R"("start_factor": 0.25, "end_factor": 1, "total_iters": 0)"), "constant:factor=0.25");
  EXPECT_EQ(text_of(R"("power": 2, "total_iters": 0)"), "constant");
  EXPECT_EQ(text_of(R"("factor": 0.25, "total_iters": 0)"), "constant:factor=0.25");
  const std::string constant = R"({"factor": 0.25, "total_iters": 0, "base_lrs": [0.5], "last_epoch": -1})";
  const std::string sequence = R"({"_milestones": [10], "last_epoch": 0, "_schedulers": [)";
  EXPECT_EQ(schedule_from_torch(sequence + constant + ", " + constant + "]}", "{}").schedule.text(),
            "constant:factor=0.25,length=10,then=constant");
}

TEST(DialectsSchedules, RatesOfZero) {
  EXPECT_EQ(schedule_from_torch(state(R"("T_max": 60, "eta_min": 0)", 0), "{}").lr, 0);
  EXPECT_THAT(error_of([] { schedule_from_torch(state(R"("T_max": 60, "eta_min": 0.1)", 0), "{}"); }),
              HasSubstr("torch CosineAnnealingLR: eta_min = 0.1 has no counterpart beside a rate of 0"));
  const std::string plateau = kPlateau + std::string(R"("best": 2.5})");
  const RateSchedule still = schedule_from_torch(plateau, R"({"lr": 0})");
  EXPECT_EQ(still.lr, 0);
  EXPECT_EQ(still.position.reduced, 1);
}

TEST(DialectsSchedules, PyTorchsPlateau) {
  const std::string plateau = kPlateau + std::string(R"("best": 2.5})");
  const RateSchedule here = schedule_from_torch(plateau, R"({"lr": 0.25, "initial_lr": 0.5})");
  EXPECT_EQ(here.lr, 0.5);
  EXPECT_EQ(here.schedule.text(),
            "plateau:factor=0.5,patience=3,threshold=0.01,threshold_mode=abs,cooldown=1,floor=0.2,eps=0.002");
  EXPECT_EQ(here.position, (SchedulePosition{.steps = 9, .reduced = 0.5, .best = 2.5, .bad = 2, .cooldown = 1}));
  // A limit above the rate: PyTorch never raises it.
  RateSchedule low = schedule_from_torch(plateau, R"({"lr": 0.05})");
  for (int i = 0; i < 10; ++i) low.schedule.see(9, low.position);
  EXPECT_EQ(low.position.reduced, 1);
}

struct Wrong {
  std::string state, group, said;
};

TEST(DialectsSchedules, WrongStatesOfPyTorch) {
  const std::string step = R"("step_size": 30, "gamma": 0.6)", nothing = "{}";
  const std::string cyclic = "{" + std::string(kCyclic), sizes = R"("total_size": 9, "max_lrs": [0.4], )";
  const std::string sequence = R"({"last_epoch": 0, "_milestones": [)", of = R"(], "_schedulers": [)", end = "]}";
  const std::string linear = kLinear, plateau = kPlateau;
  for (const auto& [text, group, said] : std::vector<Wrong>{
           {"", nothing, "torch schedule: offset 0"},
           {"[]", nothing, "torch schedule: an array stands where an object belongs"},
           {"{}", nothing, "torch these keys are of no scheduler that is known"},
           {state(step), "3", "torch param group: the number 3 stands where an object belongs"},
           {state(step), "[]", "torch param group: index = 0 is outside the 0 groups"},
           {state(step + R"(, "step_siz": 3)"), nothing,
            "torch StepLR: unknown key 'step_siz'; did you mean step_size"},
           {R"({"step_size": 30, "gamma": 0.6, "last_epoch": 0})", nothing, "torch StepLR: base_lrs is missing"},
           {R"({"step_size": 30, "gamma": 0.6, "base_lrs": [0.1]})", nothing, "torch StepLR: last_epoch is missing"},
           {R"({"step_size": 30, "gamma": 0.6, "base_lrs": 0.1})", nothing,
            "base_lrs: the number 0.1 stands where an array"},
           {R"({"step_size": 30, "gamma": 0.6, "base_lrs": [-1]})", nothing, "base_lrs[0] = -1 is outside [0, ∞)"},
           {R"({"step_size": 30, "gamma": 0.6, "base_lrs": []})", nothing,
            "base_lrs: index = 0 is outside the 0 groups"},
           {R"({"step_size": 30, "gamma": 0.6, "base_lrs": [1], "last_epoch": -1})", nothing,
            "last_epoch = -1 is outside"},
           {R"({"step_size": 30, "gamma": 0.6, "base_lrs": [1], "last_epoch": 0.5})", nothing,
            "last_epoch = 0.5 has no"},
           {R"({"step_size": 30, "gamma": 0.6, "base_lrs": [1], "last_epoch": 1e300})", nothing,
            "last_epoch = 1e+300 is"},
           {state(R"("step_size": 30)"), nothing, "torch StepLR: gamma is missing, and has no default"},
           {state(R"("step_size": 0, "gamma": 1)"), nothing, "torch StepLR: step_size = 0 is outside [1, ∞)"},
           {state(R"("step_size": 2.5, "gamma": 1)"), nothing,
            "torch StepLR: step_size = 2.5 has no counterpart, as PyTorch"},
           {state(R"("step_size": 2, "gamma": -1)"), nothing, "torch StepLR: gamma = -1 is outside [0, ∞)"},
           {state(R"("step_size": 2, "gamma": "1")"), nothing,
            "torch StepLR: gamma: the string \"1\" stands where a number"},
           {state(R"("step_size": 2, "gamma": NaN)"), nothing,
            "torch schedule: gamma = NaN; allowed are finite numbers"},
           {state(R"("gamma": 0)"), nothing, "torch ExponentialLR: gamma = 0 is outside (0, ∞)"},
           {state(R"("milestones": {"x": 1}, "gamma": 1)"), nothing, "MultiStepLR: milestones: 'x' is no whole number"},
           {state(R"("milestones": {"3": -1}, "gamma": 1)"), nothing,
            "MultiStepLR: milestones: 3: the number -1 stands"},
           {state(R"("milestones": {"3": 9e9}, "gamma": 1)"), nothing, "stands where an integer"},
           {state(R"("milestones": {"3": 99999999999}, "gamma": 1)"), nothing, "has more than 1000000 of them"},
           {state(R"("milestones": {"-3": 1}, "gamma": 1)"), nothing, "milestones = -3 is outside [0, ∞)"},
           {state(R"("milestones": {}, "gamma": 1)"), nothing, "milestones is missing"},
           {state(R"("milestones": [2.5], "gamma": 1)"), nothing, "milestones: 2.5 is no whole number"},
           {state(R"("T_max": 0, "eta_min": 1)"), nothing, "torch CosineAnnealingLR: T_max = 0 is outside [1, ∞)"},
           {state(R"("T_0": 5, "T_mult": 2, "eta_min": 0, "T_i": 20, "T_cur": 3.5)"), nothing,
            "T_cur = 3.5 has no counterpart"},
           {state(R"("start_factor": 2, "end_factor": 1, "total_iters": 4)"), nothing,
            "start_factor = 2 is outside [0, 1]"},
           {state(R"("factor": 0.1, "total_iters": 4.5)"), nothing,
            "torch ConstantLR: total_iters = 4.5 has no counterpart"},
           {state(kOneCycle + std::string(R"({"end_step": 99}])")), nothing, "the group's initial_lr is missing"},
           {state(kOneCycle + std::string(R"({"end_step": 99}])")), R"({"initial_lr": 0.1, "max_lr": 1, "min_lr": 0})",
            "torch OneCycleLR: the group's min_lr = 0 is outside (0, ∞)"},
           {state(kOneCycle + std::string("]")), nothing, "offset"},
           {state(kOneCycle + std::string(R"({"end_step": 98}])")), kOneCycleGroup,
            "_schedule_phases[1].end_step = 98; allowed is 99, as PyTorch makes it of total_steps and pct_start"},
           {state(kOneCycle + std::string(R"({"end_step": 9}, {"end_step": 99}])")), kOneCycleGroup, "allowed is 48"},
           {state(kOneCycle + std::string(R"({}, {"end_step": 99}])")), kOneCycleGroup, "end_step"},
           {state(kOneCycle + std::string(R"({}, {}, {}])")), kOneCycleGroup, "has 4 elements; allowed are 2 or 3"},
           {cyclic + sizes + R"("step_ratio": 1, "mode": "triangular", "scale_mode": "cycle"})", nothing,
            "torch CyclicLR: step_ratio = 1 is outside (0, 1)"},
           {cyclic + sizes + R"("step_ratio": 0.5, "mode": "triangle", "scale_mode": "cycle"})", nothing,
            "torch CyclicLR: mode = 'triangle' is unknown; did you mean triangular"},
           {cyclic + sizes + R"("step_ratio": 0.5, "mode": "exp_range", "scale_mode": "cycle"})", nothing,
            "scale_mode = 'cycle' with mode = 'exp_range' has no counterpart: PyTorch has it only with a scale_fn of"},
           {plateau + R"("best": "inf"})", R"({"lr": 0.1})",
            "torch ReduceLROnPlateau: best = 'inf' has no counterpart; allowed is"},
           {plateau + R"("best": Infinity})", R"({"lr": 0.1})",
            "torch schedule: best = Infinity; allowed are finite numbers, and"},
           {plateau + R"("best": 1})", nothing,
            "torch ReduceLROnPlateau: the group's lr is missing, which PyTorch keeps there"},
           {plateau + R"("best": 1})", R"({"lr": -1})", "the group's lr = -1 is outside [0, ∞)"},
           {state(R"("anneal_epochs": 5)"), nothing, "torch SWALR has no counterpart"},
           {sequence + "10" + of + linear + end, nothing, "torch SequentialLR: 1 _schedulers for 1 _milestones"},
           {sequence + of + end, nothing, "torch SequentialLR: 0 _schedulers for 0 _milestones"},
           {sequence + "0" + of + linear + ", " + linear + end, nothing, "_milestones[0] = 0 is not above 0"},
           {sequence + "9, 9" + of + linear + ", " + linear + ", " + linear + end, nothing,
            "_milestones[1] = 9 is not above 9"},
           {sequence + "9.5" + of + linear + ", " + linear + end, nothing, "_milestones[0] = 9.5 has no counterpart"},
           {sequence + "9" + of + linear + ", 3" + end, nothing,
            "torch SequentialLR: _schedulers[1]: the state: the number 3 stands where an object belongs"},
           {sequence + "9" + of + linear + R"(, {"T_max": 0}])" + "}", nothing,
            "torch SequentialLR: _schedulers[1]: CosineAnnealingLR: T_max = 0 is outside"},
           {sequence + "9" + of + linear + ", " + plateau + R"("best": 1}]})", R"({"lr": 0.5})",
            "_schedulers[1]: ReduceLROnPlateau: it cannot be a part of another here"},
           {sequence + "9" + of + linear + ", " + sequence + of + linear + end + end, nothing,
            "_schedulers[1]: SequentialLR: it cannot be a part of another here; make one of them"},
           {sequence + "9" + of + linear + R"(, {"gamma": 0.9, "base_lrs": [0.4]}]})", nothing,
            "_schedulers[1]: ExponentialLR: its rate at factor 1 is 0.4, that of the parts before 0.5"},
           {sequence + "9" + of + linear + R"(], "_milestone": 3})", nothing,
            "torch SequentialLR: unknown key '_milestone'; did you mean _milestones"}}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(error_of([&, t = text, g = group] { schedule_from_torch(t, g); }),
                AllOf(StartsWith("torch"), HasSubstr(said)));
  }
}

TEST(DialectsSchedules, PyTorchsSequence) {
  const std::string cycle =
      "{" + std::string(kOneCycle) + R"({"end_step": 99}], "base_lrs": [0.02], "last_epoch": -1})";
  // OneCycleLR takes `initial_lr` away; the others know their own.
  const RateSchedule here = schedule_from_torch(
      R"({"last_epoch": 12, "_milestones": [9], "_schedulers": [)" + std::string(kLinear) + ", " + cycle + "]}",
      kOneCycleGroup);
  EXPECT_EQ(here.schedule.text(),
            "linear:start=0.1,end=1,steps=20,length=9,then=one_cycle:steps=100,pct_start=0.25,"
            "anneal=linear,final_div_factor=100");
  EXPECT_EQ(here.lr, 0.5);
  EXPECT_EQ(here.position, SchedulePosition{.steps = 12});
  std::string milestones = "1", schedulers = kLinear;
  for (int i = 2; i < 102; ++i) {
    milestones += ", " + std::to_string(i);
    schedulers += ", " + std::string(kLinear);
  }
  EXPECT_THAT(error_of([&] {
                schedule_from_torch(R"({"last_epoch": 0, "_milestones": [)" + milestones + R"(], "_schedulers": [)" +
                                        schedulers + ", " + kLinear + "]}",
                                    "{}");
              }),
              HasSubstr("torch SequentialLR: there are more than 100 parts"));
}

TEST(DialectsSchedules, NamesOfPyTorch) {
  const std::string step = state(R"("step_size": 30, "gamma": 0.6)");
  for (const char* name : {"StepLR", "steplr", "step_lr", "torch.optim.lr_scheduler.StepLR"}) {
    EXPECT_EQ(schedule_from_torch(step, "{}", name).schedule.text(), "step:every=30,gamma=0.6");
  }
  const auto said = [&](const std::string& text, const char* name) {
    return error_of([&] { schedule_from_torch(text, "{}", name); });
  };
  EXPECT_THAT(said(step, "StpLR"), HasSubstr("torch: 'StpLR' is no scheduler with a counterpart; did you mean StepLR"));
  EXPECT_THAT(said(step, "keras.StepLR"), HasSubstr("is of the package 'keras'"));
  EXPECT_THAT(said(step, "LinearLR"),
              HasSubstr("torch LinearLR: the key step_size is StepLR's, and contradicts the name"));
  EXPECT_THAT(said(step, "ExponentialLR"), HasSubstr("the key step_size is StepLR's, and contradicts the name"));
  EXPECT_THAT(said(state(R"("gamma": 0.6)"), "StepLR"), HasSubstr("the key gamma is ExponentialLR's, and contradicts"));
  EXPECT_THAT(said(state(R"("gamma": 0.6, "step_siz": 3)"), "StepLR"),
              HasSubstr("torch StepLR: unknown key 'step_siz'; did you mean step_size"));
  EXPECT_THAT(said(state(R"("lr_lambdas": [null])"), "LambdaLR"),
              StartsWith("torch LambdaLR follows a Python function"));
  EXPECT_THAT(said(state(R"("lr_lambdas": [null])"), "MultiplicativeLR"), StartsWith("torch MultiplicativeLR follows"));
  EXPECT_THAT(said("{}", "StepLR"), HasSubstr("torch StepLR: step_size is missing, and has no default"));
}

TEST(DialectsSchedules, GroupsOfPyTorch) {
  const std::string text = R"({"step_size": 30, "gamma": 0.6, "base_lrs": [0.5, 0.25], "last_epoch": 3})";
  EXPECT_EQ(schedule_from_torch(text, "{}", {}, 1).lr, 0.25);
  EXPECT_EQ(schedule_from_torch(text, "[{}, {}]", {}, 1).lr, 0.25);
  EXPECT_THAT(error_of([&] { schedule_from_torch(text, "{}", {}, 2); }),
              HasSubstr("torch StepLR: base_lrs: index = 2 is outside the 2 groups"));
  EXPECT_THAT(error_of([&] { schedule_from_torch(text, "[{}]", {}, 1); }),
              HasSubstr("torch param group: index = 1 is outside the 1 groups"));
}

TEST(DialectsSchedules, Keras) {
  const RateSchedule here = schedule_from_keras(
      R"({"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 50, "alpha": 0.25}})");
  EXPECT_EQ(here.lr, 0.1);
  EXPECT_EQ(here.schedule.text(), "cosine:floor=0.25,steps=50");
  EXPECT_EQ(here.position, SchedulePosition());
  for (const auto& [text, said] : std::vector<std::pair<std::string, std::string>>{
           {"", "offset 0"},
           {"3", "the number 3 stands where an object belongs"},
           {"{}", "class_name"},
           {R"({"class_name": "CosinDecay", "config": {}})",
            "'CosinDecay' is no schedule with a counterpart; did you mean"},
           {R"({"class_name": "CosineDecay", "config": {"decay_steps": 3}})", "initial_learning_rate is missing"},
           {R"({"class_name": "CosineDecay", "config": {"initial_learning_rate": NaN}})",
            "= NaN; allowed are finite"}}) {
    EXPECT_THAT(error_of([&, t = text] { schedule_from_keras(t); }),
                AllOf(StartsWith("keras schedule: "), HasSubstr(said)));
  }
  EXPECT_EQ(schedule_from_keras(schedule_to_keras({0.5, schedule::StepDecay{7, 0.5}})).schedule.text(),
            "exponential:gamma=0.5,every=7,staircase=true");
  EXPECT_THAT(error_of([] {
                schedule_to_keras({0.5, schedule::Cosine()});
              }),
              HasSubstr("the schedule cosine has no counterpart in keras before its steps are known"));
  EXPECT_THAT(error_of([] {
                schedule_to_keras({0.5, schedule::Plateau()});
              }),
              HasSubstr("the schedule plateau has no counterpart in keras"));
  EXPECT_THAT(error_of([] {
                schedule_to_keras({0.5, {schedule::Cosine{.steps = 9}, {.steps = 3}}});
              }),
              HasSubstr("the schedule cosine:steps=9,warmup=3 has no counterpart in keras"));
}

}  // namespace
}  // namespace thalweg::tests
