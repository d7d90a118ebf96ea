// An optimizer made from a description: groups by pattern, what it says of itself, and its state with a schedule.
#include "engine/samples.h"
#include "engine/scheduled.h"
#include "error_of.h"

#include <thalweg/dialects.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Missing = LoadOptions::Missing;
using Unknown = LoadOptions::Unknown;

TEST(OptimizerGroups, TakeParametersByTheFirstPatternThatFits) {
  Optimizer optimizer(
      parse_description("adam:lr=0.5 group[*.bias]=lr_scale=2 group[layer?.*]=sgd:lr=3 group[*.gain*]=lr=4 "
                        "group[last]=lr=0.25,lr_scale=3"));
  std::map<std::string, std::vector<float>> memory;
  const auto group_of = [&](const std::string& name, std::optional<Group> group = {}) {
    memory[name] = {1, 2};
    return optimizer.group_name(optimizer.group_of(optimizer.add(name, memory[name], group)));
  };
  EXPECT_EQ(group_of("layer1.bias"), "*.bias");
  EXPECT_EQ(group_of("layer1.weight"), "layer?.*");
  EXPECT_EQ(group_of("layer10.weight"), "");
  EXPECT_EQ(group_of("layer2.bias", Group{}), "");
  EXPECT_EQ(group_of("layer3.bias", optimizer.group("last")), "last");
  const auto before = safetensors::to_bytes(optimizer.state());
  const auto step = [&] { optimizer.step({{"layer1.bias", std::vector<float>{1, 1}}}); };
  EXPECT_THAT(error_of(step), HasSubstr("group[*.gain*]: the pattern fits none of the parameters"));
  EXPECT_THAT(error_of([&] { optimizer.begin_step(); }), HasSubstr("group[*.gain*]"));
  EXPECT_EQ(safetensors::to_bytes(optimizer.state()), before);
  EXPECT_THAT(memory["layer1.bias"], ElementsAre(1, 2));
  EXPECT_EQ(group_of("bottom.gains"), "*.gain*");
  step();
  EXPECT_EQ(optimizer.lr(), 0.5);
  EXPECT_EQ(optimizer.lr(optimizer.group("*.bias")), 1);
  EXPECT_EQ(optimizer.lr(optimizer.group("layer?.*")), 3);
  EXPECT_EQ(optimizer.lr(optimizer.group("*.gain*")), 4);
  EXPECT_EQ(optimizer.lr(optimizer.group("last")), 0.25) << "its own, which is not scaled";
  EXPECT_EQ(optimizer.lr_scale(optimizer.group("last")), 3);
  optimizer.set("lr", 2);
  EXPECT_EQ(optimizer.lr(optimizer.group("last")), 6);
  optimizer.remove(optimizer.find("bottom.gains"));
  step();  // it had fitted
}

TEST(OptimizerGroups, APatternMayFitOnlyWhatAnEarlierOneTook) {
  std::vector<float> memory(2);
  Optimizer optimizer(parse_description("adam group[*]=lr=1 group[*.bias]=lr=2"));
  optimizer.add("x.bias", memory);
  optimizer.step({{"x.bias", std::vector<float>{1, 1}}});
  EXPECT_EQ(optimizer.description().text(), "adam group[*]=lr=1") << "the other has no parameter";
}

// An optimizer made from the description has the same groups: where all of a pattern's parameters have gone, too.
TEST(OptimizerDescription, LeavesOutPatternsThatFitNothingAnyMore) {
  std::vector<float> memory(2), other(2);
  const std::vector<float> gradient{1, 1};
  Optimizer optimizer(parse_description("sgd group[*.bias]=lr=1"));
  EXPECT_EQ(optimizer.description().text(), "sgd group[*.bias]=lr=1") << "whose parameters are still to come";
  optimizer.add("x", memory, Group{1});
  EXPECT_EQ(optimizer.description().text(), "sgd group[x]=lr=1");
  Optimizer again(optimizer.description());
  again.add("x", other);
  optimizer.step({{"x", gradient}});
  again.step({{"x", gradient}});
  EXPECT_EQ(memory, other);
  // The first group's lr_scale is of all that is left.
  optimizer.add("y", other);
  optimizer.set_lr_scale(Group{}, 0.25);
  EXPECT_EQ(optimizer.description().text(), "sgd group[x]=lr=1 group[*]=lr=0.001,lr_scale=0.25");
}

TEST(OptimizerGroups, APatternIsFittedByWhatIsMovedOrLoadedIntoItsGroup) {
  const Description description = parse_description("adam group[b*]=lr_scale=2");
  std::vector<float> parameter = {1, 2};
  const std::vector<float> gradient = {1, 1};
  Optimizer moved(description), loaded(description);
  const Handle handle = moved.add("a", parameter);
  EXPECT_THAT(error_of([&] { moved.step({{"a", gradient}}); }), HasSubstr("group[b*]"));
  moved.move(handle, moved.group("b*"));
  moved.step({{"a", gradient}});
  loaded.add("a", parameter);
  loaded.load(moved.state());
  EXPECT_EQ(loaded.group_name(loaded.group_of(loaded.find("a"))), "b*");
  loaded.step({{"a", gradient}});
}

TEST(OptimizerGroups, OfEveryRuleStepAsAnOptimizerOfThatRuleDoes) {
  for (const Sample& sample : samples()) {
    const std::string options = sample.options;
    Optimizer both(parse_description("adam:lr=0.01 group[b]=" + options + ",lr_scale=0.5"));
    Optimizer first(Adam{.lr = 0.01}), second(parse_options(options));
    std::vector<double> a = random_numbers<double>(6, 1, "a"), b = random_numbers<double>(12, 1, "b"), c = a, d = b;
    both.add("a", a);
    both.add("b", b, {4, 3});
    first.add("a", c);
    second.add("b", d, {4, 3});
    for (std::uint32_t t = 0; t < sample.steps; ++t) {
      const auto ga = random_numbers<double>(6, 2, "a", t), gb = random_numbers<double>(12, 2, "b", t);
      both.step({{"a", ga}, {"b", gb}});
      first.step({{"a", ga}});
      second.step({{"b", gb}});
    }
    EXPECT_EQ(a, c) << options;
    EXPECT_EQ(b, d) << options;
  }
}

TEST(OptimizerDescription, IsWhatItWasMadeFrom) {
  for (const char* text :
       {"adam", "rmsprop:lr=0.02,alpha=0.5", "adamw:lr=0.3 clip=norm:2 average=ema:0.5 check=guard",
        "sgd:lr=0.1,momentum=0.9 schedule=cosine:steps=5,warmup=2 group[*.bias]=lr_scale=0.3",
        "sgd accumulation=3 loss_scale=4 step_count=shared schedule=linear",
        "adam check=guard loss_scale=dynamic:initial=8,interval=3 first_values=v=0.5",
        "adamw:weight_decay=0.1 group[a*]=eps=0.5,weight_decay=0 group[b?]=adagrad:lr=0.7,lr_scale=3",
        "adamw:lr=0.1 group[a]=lr=0.07,lr_scale=3 group[b]=lr=0 group[c]=lr_scale=0"}) {
    Optimizer optimizer(parse_description(text));
    EXPECT_EQ(optimizer.description().text(), text);
  }
}

TEST(OptimizerDescription, KeepsRatesToTheLastDigit) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> numbers(0, 1);
  for (int i = 0; i < 2000; ++i) {
    const double lr = i % 2 == 0 ? numbers(random) : static_cast<double>(1 + random() % 99) / 1000;
    const double scale = i % 3 == 0 ? numbers(random) : static_cast<double>(1 + random() % 99) / 10;
    const Description description(Adam{.lr = 0.5}, {}, {},
                                  {{.pattern = "a", .rule = "", .options = {{"lr", lr}}, .lr_scale = scale}});
    Optimizer optimizer(description), again(optimizer.description());
    EXPECT_EQ(again.lr(Group{1}), optimizer.lr(Group{1})) << lr << ' ' << scale;
    EXPECT_EQ(again.description().text(), optimizer.description().text());
    EXPECT_EQ(optimizer.lr(Group{1}), lr);
    if (lr != 0.5 * scale) {
      EXPECT_EQ(optimizer.description().text(), description.text());
    }
  }
}

TEST(OptimizerDescription, SaysWhatHasBeenChanged) {
  Scheduled run(parse_description("adam:lr=0.5 schedule=linear group[*.bias]=lr_scale=2 group[he?d]=sgd:lr=0.25"));
  run.optimizer.set_run_length({.steps = 4});
  run.step(0);
  run.step(1);
  run.optimizer.set("lr", 0.125);
  run.optimizer.set(Group{1}, "beta1", 0.5);
  run.optimizer.set(Group{2}, "momentum", 0.5);
  run.optimizer.set_clip({ClipBy::norm, 3});
  run.optimizer.set_check(Check::off);
  run.optimizer.set_average({.kind = AverageKind::mean});
  EXPECT_EQ(run.optimizer.description().text(),
            "adam:lr=0.125 clip=norm:3 average=mean check=off schedule=linear:steps=4 "
            "group[*.bias]=beta1=0.5,lr_scale=2 group[he?d]=sgd:lr=0.125,momentum=0.5");
  run.optimizer.set_schedule({});
  EXPECT_FALSE(run.optimizer.description().schedule);
}

// Groups without patterns, and parameters that were moved: by their names.
TEST(OptimizerDescription, GroupsThatWereAddedAreToldByTheirParameters) {
  std::vector<double> a(2), b(2), c(2), d(2), e(2), f(2);
  Optimizer optimizer(parse_description("sgd:lr=0.5 group[*.scale]=lr=0.25"));
  const Group own = optimizer.add_group("own", SGD{.lr = 0.5, .momentum = 0.5});
  const Group none = optimizer.add_group("none", Adam{});
  optimizer.add("one.weight", a);
  optimizer.add("one.bias", b, own);
  optimizer.add("two.bias", c, own);
  const Handle moved = optimizer.add("two.scale", d);
  optimizer.add("three.scale", e);
  optimizer.add("odd]name", f);
  EXPECT_EQ(optimizer.description().text(), "sgd:lr=0.5 group[*.bias]=momentum=0.5 group[*.scale]=lr=0.25");
  optimizer.move(moved, own);
  optimizer.move(optimizer.find("odd]name"), own);
  EXPECT_EQ(optimizer.description().text(),
            "sgd:lr=0.5 group[*.bias]=momentum=0.5 group[two.scale]=momentum=0.5 group[odd\\]name]=momentum=0.5 "
            "group[*.scale]=lr=0.25");
  optimizer.move(moved, Group{});
  const Description description = optimizer.description();
  EXPECT_EQ(description.text(),
            "sgd:lr=0.5 group[*.bias]=momentum=0.5 group[two.scale]=lr_scale=1 group[odd\\]name]=momentum=0.5 "
            "group[*.scale]=lr=0.25");
  // An optimizer that is made from it does the same with parameters of these names.
  Optimizer again(description);
  std::map<std::string, std::vector<double>> others;
  for (const Handle handle : optimizer.handles()) {
    const std::string& name = optimizer.name(handle);
    others[name].resize(2);
    const Handle other = again.add(name, others[name]);
    EXPECT_EQ(again.options(again.group_of(other)), optimizer.options(optimizer.group_of(handle))) << name;
  }
  EXPECT_EQ(optimizer.group_name(none), "none");
}

TEST(ScheduleState, GoesOnWithTheSameBitsFromEveryStep) {
  const std::string file = ::testing::TempDir() + "schedule_state.safetensors";
  for (const std::string& schedule : kSchedules) {
    const Description description = grouped(Adam{.lr = 0.3}, schedule);
    for (std::uint32_t saved = 0; saved < 6; ++saved) {
      Scheduled run(description), same(description), without(grouped(Adam{.lr = 0.9}, ""));
      run.optimizer.set_run_length({.steps_per_epoch = 2});
      for (std::uint32_t t = 0; t < saved; ++t) run.step(t);
      run.optimizer.save(file);
      for (Scheduled* each : {&same, &without}) {
        each->optimizer.load(file);
        for (auto& [name, values] : each->parameters) std::ranges::copy(run.parameters[name], values.begin());
        EXPECT_EQ(each->bytes(), run.bytes());
        EXPECT_EQ(each->optimizer.description().text(), description.text());
      }
      for (std::uint32_t t = saved; t < 8; ++t) {
        for (Scheduled* each : {&run, &same, &without}) each->step(t);
        EXPECT_EQ(same.bytes(), run.bytes()) << schedule;
        EXPECT_EQ(without.bytes(), run.bytes()) << schedule;
        EXPECT_EQ(same.parameters, run.parameters);
        EXPECT_EQ(without.parameters, run.parameters);
        EXPECT_EQ(same.optimizer.lr(Group{1}), run.optimizer.lr(Group{1}));
      }
    }
  }
}

TEST(ScheduleState, OfAnOptimizerWithoutOneLeavesTheScheduleWhereTheStepsAre) {
  Scheduled old(grouped(Adam{.lr = 0.3}, "")), fresh(grouped(Adam{.lr = 0.9}, kSchedules[0]));
  for (std::uint32_t t = 0; t < 3; ++t) old.step(t);
  fresh.step(0);
  fresh.optimizer.load(old.optimizer.state());
  EXPECT_EQ(fresh.optimizer.schedule_position().steps, 3);
  EXPECT_EQ(fresh.optimizer.lr(), 0.3 * fresh.optimizer.schedule()->factor(4));
  Scheduled open(grouped(Adam{.lr = 0.9}, "cosine"));
  open.optimizer.load(old.optimizer.state());
  EXPECT_THAT(error_of([&] { open.step(3); }), HasSubstr("how long the run is"));
  open.optimizer.set_run_length({.steps = 6});
  open.step(3);
  EXPECT_EQ(open.optimizer.lr(), 0.3 * 0.5);
}

TEST(ScheduleState, DamagedIsRefusedAndChangesNothing) {
  Scheduled run(grouped(Adam{.lr = 0.3}, "plateau:patience=0,warmup=9"));
  run.step(0);
  run.optimizer.see_metric(1.5);
  run.optimizer.see_metric(2.5);
  const State state = run.optimizer.state();
  const auto refused = [&](const std::string& from, const std::string& to) {
    State changed = state;
    std::string& head = changed.metadata.at("thalweg");
    const std::size_t at = head.find(from);
    if (at == std::string::npos) ADD_FAILURE() << "the head does not say " << from << ": " << head;
    head.replace(at, from.size(), to);
    Scheduled other(grouped(Adam{.lr = 0.7}, kSchedules[1]));
    other.step(0);
    const auto before = other.bytes();
    const double rate = other.optimizer.lr();
    const std::string message = error_of([&] { other.optimizer.load(changed); });
    EXPECT_EQ(other.bytes(), before) << to;
    EXPECT_EQ(other.optimizer.lr(), rate);
    EXPECT_EQ(other.optimizer.schedule_position().steps, 1);
    return message;
  };
  EXPECT_THAT(refused(R"("schedule_position":)", R"("schedule_positoin":)"),
              HasSubstr("schedule_position\" is missing"));
  EXPECT_THAT(refused(R"("kind":"plateau")", R"("kind":"plateu")"),
              AllOf(HasSubstr("state: schedule"), HasSubstr("did you mean plateau")));
  EXPECT_THAT(refused(R"("patience":0)", R"("patience":-1)"), HasSubstr("patience = -1 is outside"));
  EXPECT_THAT(refused(R"("patience":0)", R"("patiense":0)"), HasSubstr("did you mean patience"));
  EXPECT_THAT(refused(R"("warmup":9)", R"("warmup":"9")"), HasSubstr("state: schedule"));
  EXPECT_THAT(refused(R"("reduced":0.1)", R"("reduced":-0.1)"), HasSubstr("reduced = -0.1 is outside"));
  EXPECT_THAT(refused(R"("reduced":0.1)", R"("reduced":null)"), HasSubstr("schedule_position: reduced"));
  EXPECT_THAT(refused(R"("best":1.5)", R"("best":"1.5")"), HasSubstr("schedule_position: best"));
  EXPECT_THAT(refused(R"("bad":0)", R"("bad":-1)"), HasSubstr("schedule_position: bad"));
  EXPECT_THAT(refused(R"("bad":0)", R"("bda":0)"), HasSubstr("\"bad\" is missing"));
  EXPECT_THAT(refused(R"("cooldown":0,"reduced")", R"("cooldown":0.5,"reduced")"),
              HasSubstr("schedule_position: cooldown"));
  EXPECT_THAT(refused(R"("steps_per_epoch":1)", R"("steps_per_epoch":0)"), HasSubstr("steps_per_epoch = 0"));
  EXPECT_THAT(refused(R"("steps":1,"steps_per_epoch")", R"("steps":-1,"steps_per_epoch")"),
              HasSubstr("schedule_position: steps"));
  EXPECT_THAT(refused(R"("version":3)", R"("version":4)"), HasSubstr("version 4 is newer"));
}

TEST(ScheduleState, WarmStartsKeepRatesRight) {
  Scheduled old(grouped(Adam{.lr = 0.25}, "step:every=1,gamma=0.5"));
  old.step(0);
  old.step(1);
  // More groups and parameters here than in the state, under another schedule; and fewer.
  Description more = grouped(Adam{.lr = 0.75}, kSchedules[0]);
  more.groups.push_back({.pattern = "new", .rule = "", .options = {{"lr", 8}}});
  Scheduled fresh(more);
  std::vector<double> added(3);
  fresh.optimizer.add("new", added);
  fresh.step(0);
  EXPECT_NE(fresh.optimizer.lr(Group{3}), 8);
  fresh.optimizer.load(old.optimizer.state(), {.missing = Missing::keep});
  EXPECT_EQ(fresh.optimizer.lr(), 0.25 * 0.25);
  EXPECT_EQ(fresh.optimizer.lr(Group{3}), 8 * 0.25);
  fresh.step(2);
  EXPECT_EQ(fresh.optimizer.lr(), 0.25 * 0.25);
  fresh.step(3);
  EXPECT_EQ(fresh.optimizer.lr(), 0.25 * 0.125);
  EXPECT_EQ(fresh.optimizer.lr(Group{3}), 8 * 0.125);

  Optimizer small(parse_description("adam:lr=9"));
  std::vector<double> weight = random_numbers<double>(12, 5, "w");
  small.add("a.weight", weight, {4, 3});
  EXPECT_EQ(small.load(old.optimizer.state(), {.unknown = Unknown::ignore}).ignored.size(), 2u);
  EXPECT_EQ(small.lr(), 0.25 * 0.25);
  EXPECT_EQ(small.schedule()->text(), "step:every=1,gamma=0.5");
}

TEST(ScheduleState, UnderTorchsNamesHasBothRates) {
  Scheduled run(grouped(Adam{.lr = 0.5}, "step:every=1,gamma=0.5"));
  run.step(0);
  run.step(1);
  run.step(2);
  State state = to_torch_state(run.optimizer);
  std::string& groups = state.metadata.at("param_groups");
  EXPECT_THAT(groups, AllOf(HasSubstr("\"lr\": 0.125,"), HasSubstr("\"initial_lr\": 0.5}")));
  const auto before = run.bytes();
  run.optimizer.load(from_torch_state(state, run.optimizer));
  EXPECT_EQ(run.bytes(), before);
  EXPECT_EQ(run.optimizer.lr(), 0.0625);  // of the next step
  // An optimizer without a schedule goes on at the rate in force.
  Scheduled without(grouped(Adam{.lr = 0.9}, ""));
  without.optimizer.load(from_torch_state(state, without.optimizer));
  EXPECT_EQ(without.optimizer.lr(), 0.125);
  groups.replace(groups.find("\"initial_lr\": 0.5}"), 17, "\"initial_lr\": -1 ");
  EXPECT_THAT(error_of([&] { run.optimizer.load(from_torch_state(state, run.optimizer)); }), HasSubstr("lr = -1"));
  EXPECT_EQ(run.bytes(), before);
}

}  // namespace
}  // namespace thalweg::tests
