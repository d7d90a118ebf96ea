// From thalweg to PyTorch and Keras, and back.
#include "engine/dialects.h"

#include <thalweg/rules.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// All options that the recordings use, of every framework, and the defaults of every rule.
std::vector<Options> many_options() {
  std::vector<Options> result;
  for (const RuleInfo* rule : rules()) result.emplace_back(*rule);
  for (const GoldenCase& golden : golden_cases()) result.push_back(golden.options);
  return result;
}

TEST(DialectWriting, GoToTorchAndBack) {
  for (const GoldenCase& golden : golden_cases()) {
    SCOPED_TRACE(golden.id);
    if (golden.peer != "torch") continue;
    const std::string text = to_torch(golden.options);
    EXPECT_EQ(from_torch(text, golden.rule).options, golden.options);
    EXPECT_EQ(from_torch(text).options.values(), golden.options.values());
  }
  for (const RuleInfo* rule : rules()) {
    if (rule->name == "lion" || rule->name == "lamb" || rule->name == "lars") continue;
    EXPECT_EQ(from_torch(to_torch(Options(*rule))).options, Options(*rule));
  }
}

TEST(DialectWriting, GoToKerasAndBack) {
  for (const GoldenCase& golden : golden_cases()) {
    if (golden.peer != "keras") continue;
    SCOPED_TRACE(golden.id);
    const Translation given = from_keras(config(golden)), back = from_keras(to_keras(given));
    EXPECT_EQ(back.options, given.options);
    EXPECT_EQ(back.settings.clip, golden.settings.clip);
    EXPECT_EQ(back.settings.average, golden.settings.average);
    EXPECT_EQ(back.schedule.has_value(), golden.has_schedule);
    for (std::int64_t step = 1; golden.has_schedule && step <= 30; ++step) {
      EXPECT_EQ(back.schedule->factor(step), given.schedule->factor(step)) << "step " << step;
    }
  }
}

// Whatever can be written is read as what is written again, so nothing that matters got lost on the way.
TEST(DialectWriting, WriteEverythingOrRefuse) {
  int written = 0, refused = 0;
  const auto try_one = [&](const Options& options, const auto& write, const auto& read) {
    SCOPED_TRACE(options.text());
    std::string text;
    try {
      text = write(options);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(std::string(options.rule().name)), HasSubstr("no counterpart")));
      ++refused;
      return;
    }
    const Options back = read(text).options;
    EXPECT_EQ(back.rule().name, options.rule().name);
    EXPECT_EQ(write(back), text);
    ++written;
  };
  for (const Options& options : many_options()) {
    try_one(options, to_torch, [&](const std::string& text) { return from_torch(text, options.rule().name); });
    try_one(options, to_keras, [&](const std::string& text) { return from_keras(text); });
  }
  EXPECT_GE(written, 250);
  EXPECT_GE(refused, 250);
}

TEST(DialectWriting, NameTheOptionWithoutACounterpart) {
  const auto torch_error = [](std::string_view text) { return error_of([&] { to_torch(parse_options(text)); }); };
  EXPECT_THAT(torch_error("rmsprop:eps_inside=true"),
              HasSubstr("rmsprop: eps_inside = true has no counterpart in torch's RMSprop, which has false"));
  EXPECT_THAT(torch_error("rmsprop:initial_accumulator_value=1"), HasSubstr("initial_accumulator_value = 1.0"));
  EXPECT_THAT(torch_error("rmsprop:momentum=.5,lr_in_momentum=true"), HasSubstr("lr_in_momentum"));
  EXPECT_THAT(torch_error("sgd:weight_decay=.5,decoupled_weight_decay=true"), HasSubstr("decoupled_weight_decay"));
  EXPECT_THAT(torch_error("adam:eps_root=.5"), HasSubstr("eps_root = 0.5"));
  EXPECT_THAT(torch_error("amsgrad:maximum_of_corrected=true"), HasSubstr("maximum_of_corrected"));
  EXPECT_THAT(torch_error("rprop:clamp_always=false"), HasSubstr("clamp_always = false"));
  EXPECT_THAT(torch_error("sgd:momentum=.5,nesterov=true,dampening=.5"), HasSubstr("nesterov = true with dampening"));
  EXPECT_THAT(torch_error("lion"), HasSubstr("lion has no counterpart in torch"));
  EXPECT_THAT(torch_error("lamb"), HasSubstr("lamb has no counterpart in torch"));
  EXPECT_THAT(
      torch_error("adafactor:clip_threshold=.5"),
      HasSubstr("adafactor: clip_threshold = 0.5 has no counterpart in torch's Adafactor, where d is in [1, ∞)"));
  EXPECT_THAT(torch_error("adafactor:eps_inside=true"), HasSubstr("eps_inside = true"));
  EXPECT_THAT(torch_error("adafactor:relative_step=false"), HasSubstr("relative_step = false"));
  const auto keras_error = [](std::string_view text) { return error_of([&] { to_keras(parse_options(text)); }); };
  EXPECT_THAT(keras_error("rmsprop"), HasSubstr("eps_inside = false has no counterpart in keras's RMSprop"));
  EXPECT_THAT(keras_error("sgd:maximize=true"), HasSubstr("maximize = true"));
  EXPECT_THAT(keras_error("sgd:weight_decay=.5"), HasSubstr("decoupled_weight_decay = false"));
  EXPECT_THAT(keras_error("adam"), HasSubstr("eps_before_correction = false"));
  EXPECT_THAT(keras_error("nadam"), HasSubstr("momentum_decay = 0.004"));
  EXPECT_THAT(keras_error("adagrad:lr_decay=.1,eps_inside=true"), HasSubstr("lr_decay = 0.1"));
  EXPECT_THAT(keras_error("lamb:eps_root=.5"), HasSubstr("eps_root = 0.5"));
  EXPECT_THAT(keras_error("adafactor:eps_inside=true,clip_threshold=0"), HasSubstr("clip_threshold is in (0, ∞)"));
  EXPECT_THAT(keras_error("lars"), HasSubstr("lars has no counterpart in keras"));
  EXPECT_THAT(keras_error("rprop"), HasSubstr("rprop has no counterpart in keras"));
  EXPECT_THAT(keras_error("radam"), HasSubstr("radam has no counterpart in keras"));
}

TEST(DialectWriting, NameTheSettingWithoutACounterpart) {
  const auto in_torch = [](const Settings& settings) { return error_of([&] { to_torch({SGD{}, settings}); }); };
  EXPECT_THAT(in_torch({.clip = {ClipBy::norm, 1}}), HasSubstr("clipping by norm has no counterpart in torch"));
  EXPECT_THAT(in_torch({.average = {.kind = AverageKind::ema}}), HasSubstr("averaging has no counterpart in torch"));
  EXPECT_THAT(in_torch({.loss_scale = 8}), HasSubstr("a loss scale has no counterpart in torch"));
  EXPECT_THAT(in_torch({.first_values = {{"b", 1}}}), HasSubstr("the first value of column b has no counterpart"));
  EXPECT_THAT(error_of([] {
                to_torch({SGD{}, {}, Schedule(schedule::Cosine{.steps = 9})});
              }),
              HasSubstr("the schedule has no counterpart"));
  const auto in_keras = [](const Settings& settings) { return error_of([&] { to_keras({SGD{}, settings}); }); };
  EXPECT_THAT(in_keras({.clip = {ClipBy::norm, 1, 1e-6}}), HasSubstr("eps of clipping has no counterpart in keras"));
  EXPECT_THAT(in_keras({.average = {.kind = AverageKind::mean}}), HasSubstr("the plain mean as average"));
  EXPECT_THAT(in_keras({.average = {.kind = AverageKind::ema, .bias_correction = true}}), HasSubstr("bias correction"));
  EXPECT_THAT(in_keras({.average = {.kind = AverageKind::ema, .every = 2}}), HasSubstr("not taken after every step"));
  EXPECT_THAT(in_keras({.first_values = {{"b", 1}}}), HasSubstr("the first value of column b"));
  const std::string written = to_keras({SGD{}, {.loss_scale = 8, .clip = {ClipBy::global_norm, 2}}});
  EXPECT_THAT(written, AllOf(HasSubstr(R"("global_clipnorm": 2)"), HasSubstr(R"("loss_scale_factor": 8)")));
  EXPECT_EQ(from_keras(written).settings.loss_scale, 8);
}

TEST(DialectWriting, ReadThalwegsOwnWords) {
  const Translation own = from_thalweg(R"({"lr": 0.5, "nesterov": true, "momentum": 0.9, "loss_scale": 4,
      "clip": {"by": "norm", "limit": 2}, "average": {"kind": "ema", "decay": 0.5}, "step_count": "shared"})",
                                       "sgd");
  EXPECT_EQ(own.options, parse_options("sgd:lr=0.5,nesterov=true,momentum=0.9"));
  EXPECT_EQ(own.settings.clip, (Clip{ClipBy::norm, 2}));
  EXPECT_EQ(own.settings.average, (Average{.kind = AverageKind::ema, .decay = 0.5}));
  EXPECT_EQ(own.settings.loss_scale, 4);
  EXPECT_EQ(own.settings.step_count, StepCount::shared);
  const auto refused = [](const char* json) { return error_of([&] { (void)from_thalweg(json, "sgd"); }); };
  EXPECT_THAT(refused(R"({"alpha": 0.9})"), HasSubstr("sgd: unknown option 'alpha'"));
  EXPECT_THAT(refused(R"({"momentum": "0.9"})"), HasSubstr("thalweg sgd: momentum: "));
  EXPECT_THAT(refused(R"({"clip": {"by": "norms"}})"), AllOf(HasSubstr("clip: by"), HasSubstr("did you mean norm?")));
  EXPECT_THAT(refused(R"({"clip": {"limt": 1}})"), AllOf(HasSubstr("'limt'"), HasSubstr("did you mean limit?")));
  EXPECT_THAT(refused(R"({"clip": {"limit": 0}})"), HasSubstr("clip: limit = 0 is outside"));
  EXPECT_THAT(error_of([] { (void)translate("pytorch", "sgd", "{}"); }),
              AllOf(HasSubstr("unknown peer \"pytorch\""), HasSubstr("torch")));
}

TEST(DialectWriting, WriteWhatTheFrameworksTake) {
  EXPECT_EQ(to_torch(parse_options("adam:lr=1,beta1=0")),
            R"({"lr": 1.0, "betas": [0.0, 0.999], "eps": 1e-08, "amsgrad": false, "weight_decay": 0.0, )"
            R"("decoupled_weight_decay": false, "maximize": false})");
  // Options that do nothing need no counterpart.
  EXPECT_EQ(to_torch(from_keras("{}", "SGD").options), to_torch(parse_options("sgd:lr=.01")));
  for (const auto& [idle, plain] : std::vector<std::pair<const char*, const char*>>{
           {"sgd:nesterov=true,lr_in_momentum=true,decoupled_weight_decay=true", "sgd"},
           {"rmsprop:nesterov=true,lr_in_momentum=true", "rmsprop"},
           {"rmsprop:eps=0,eps_inside=true", "rmsprop:eps=0"},
           {"adamax:eps=0,eps_beside=true", "adamax:eps=0"},
           {"adam:eps=0,eps_before_correction=true", "adam:eps=0"},
           {"adam:maximum_of_corrected=true", "adam"}}) {
    EXPECT_EQ(to_torch(parse_options(idle)), to_torch(parse_options(plain)));
  }
  EXPECT_EQ(to_keras(parse_options("sgd:dampening=.5")), to_keras(parse_options("sgd")));
  EXPECT_EQ(to_torch(parse_options("adafactor:decay_without_lr=true,decay_with_scale=true")),
            R"({"lr": 0.01, "beta2_decay": -0.8, "eps": [1.1920928955078125e-07, 0.001], "d": 1.0, )"
            R"("weight_decay": 0.0, "maximize": false})");
  EXPECT_THAT(to_keras(parse_options("sgd")),
              AllOf(HasSubstr(R"("weight_decay": null)"), HasSubstr(R"("name": "SGD")"),
                    HasSubstr(R"("clipnorm": null)"), HasSubstr(R"("use_ema": false)")));
  EXPECT_THAT(to_keras(parse_options("adamw:weight_decay=0,eps_before_correction=true")),
              AllOf(HasSubstr(R"("weight_decay": 0.0)"), HasSubstr(R"("name": "AdamW")")));
}

}  // namespace
}  // namespace thalweg::tests
