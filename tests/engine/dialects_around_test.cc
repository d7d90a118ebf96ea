// What is around a configuration: modules in front of names, users' keys, whole states, other versions of a framework.
#include "engine/dialects.h"

#include <thalweg/rules.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace thalweg::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(DialectsAround, NamesMayHaveTheirModules) {
  const Options adamw = parse_options("adamw:weight_decay=1e-2,decoupled_weight_decay=true");
  for (const char* name : {"torch.optim.AdamW", "torch.optim.adamw.AdamW", "AdamW"}) {
    EXPECT_EQ(from_torch("{}", name).options, adamw) << name;
  }
  for (const char* name :
       {"keras.optimizers.RMSprop", "tf.keras.optimizers.RMSprop", "keras.src.optimizers.rmsprop.RMSprop"}) {
    EXPECT_EQ(from_keras("{}", name).options, from_keras("{}", "RMSprop").options) << name;
  }
  EXPECT_EQ(from_optax("optax.adam", R"({"learning_rate": 1})").options.rule().name, "adam");
  EXPECT_EQ(from_tf1(R"({"lr": 1})", "tf.raw_ops.ResourceApplyRMSProp").options.rule().name, "rmsprop");
}

TEST(DialectsAround, TorchKeepsWhatUsersPutIntoTheirGroups) {
  const Translation xyz = from_torch(
      R"({"lr": 0.00016, "name": "xyz", "lr_scale": 0.5, "betas": [0.9, 0.999], "eps": 1e-15, "weight_decay": 0,
          "amsgrad": false, "layer": 3, "weight_decay_mult": 2, "is_text": true})",
      "Adam");
  EXPECT_EQ(xyz.options, parse_options("adam:lr=.00016,eps=1e-15"));
  EXPECT_EQ(xyz.group_name, "xyz");
  EXPECT_EQ(xyz.lr_scale, 0.5);
  EXPECT_EQ(from_torch(R"({"name": 7})", "SGD").group_name, "");
  EXPECT_EQ(from_torch("{}", "SGD").lr_scale, 1);
  // Known ones pass without a name too.
  EXPECT_EQ(from_torch(R"({"name": "xyz", "alpha": 0.5, "centered": false})").group_name, "xyz");
}

// As timm has them after some steps: LAMB's step number, and the rate that Adafactor's last step took.
TEST(DialectsAround, ReadsTimmsGroups) {
  const Translation lamb = from_timm(
      R"([{"params": [0], "lr": 0.5, "bias_correction": true, "betas": [0.5, 0.75], "eps": 0.001, "weight_decay": 0.25,
           "grad_averaging": false, "max_grad_norm": 2.0, "trust_clip": true, "always_adapt": true, "caution": false,
           "decoupled_decay": true, "corrected_weight_decay": false, "max_lr_snapshot": null, "foreach": null,
           "step": 12.0, "initial_lr": 1.0, "lr_scale": 0.5, "name": "body"}])");
  EXPECT_EQ(lamb.options, parse_options("lamb:lr=.5,beta1=.5,beta2=.75,eps=.001,weight_decay=.25,grad_averaging=false,"
                                        "trust_clip=true,decoupled_weight_decay=true"));
  EXPECT_EQ(lamb.settings.clip, (Clip{ClipBy::global_norm, 2, 0}));
  EXPECT_EQ(lamb.settings.step_count, StepCount::shared);
  EXPECT_EQ(lamb.group_name, "body");
  EXPECT_EQ(lamb.lr_scale, 0.5);
  EXPECT_EQ(from_timm("{}", "timm.optim.Lamb").settings.clip, (Clip{ClipBy::global_norm, 1, 0}));
  EXPECT_EQ(from_timm(R"({"max_grad_norm": null})", "lamb").settings.clip, Clip{});
  EXPECT_EQ(from_timm("{}", "Lars").settings.step_count, StepCount::per_parameter);
  const char* rest = R"("eps": 1e-30, "eps_scale": 0.5, "clip_threshold": 1.0, "decay_rate": -0.75, "weight_decay": 0.0,
                        "scale_parameter": true, "warmup_init": false, "min_dim_size_to_factor": 3, "caution": false})";
  EXPECT_EQ(from_timm(std::string(R"({"lr": 0.0034, "beta1": null, "relative_step": true, )") + rest).options,
            parse_options("adafactor:lr=.01,beta2_decay=-.75,eps1=1e-30,eps2=.5,eps_inside=true,decay_with_scale=true,"
                          "min_dim_size_to_factor=4"));
  EXPECT_EQ(from_timm(std::string(R"({"lr": 0.25, "beta1": 0.5, "relative_step": false, )") + rest).options,
            parse_options("adafactor:lr=.25,momentum=.5,beta2_decay=-.75,eps1=1e-30,eps2=.5,eps_inside=true,"
                          "decay_with_scale=true,min_dim_size_to_factor=4,relative_step=false,scale_parameter=false"));
}

TEST(DialectsAround, WhatMakesNoDifferenceIsRead) {
  const char* before_2_7 = R"({"lr": 0.1, "betas": [0.9, 0.99], "eps": 1e-8, "weight_decay": 0, "amsgrad": true})";
  EXPECT_EQ(from_torch(before_2_7).options, parse_options("amsgrad:lr=.1,beta2=.99"));
}

TEST(DialectsAround, ReadsTheOneGroupOfAStateDict) {
  const Options expected = parse_options("sgd:lr=.1,momentum=.5");
  const std::string group = R"({"lr": 0.1, "momentum": 0.5, "dampening": 0, "params": [0, 1]})";
  EXPECT_EQ(from_torch("[" + group + "]").options, expected);
  EXPECT_EQ(from_torch(R"({"state": {"0": {"momentum_buffer": [1, 2]}}, "param_groups": [)" + group + "]}").options,
            expected);
}

TEST(DialectsAround, SeveralGroupsAreOneDescription) {
  const auto text = [](const std::string& groups, const char* name = "AdamW") {
    return from_torch("[" + groups + "]", name).text();
  };
  // By the last part of the names, where no other group has it too, else by the whole names.
  EXPECT_EQ(text(R"({"lr": 0.1, "params": ["a.weight", "b.weight"]},
                    {"lr": 0.1, "weight_decay": 0, "params": ["a.bias", "b.bias", "norm.weight", "scale"]})"),
            "adamw:lr=0.1 group[*.bias]=weight_decay=0 group[norm.weight]=weight_decay=0 group[scale]=weight_decay=0");
  // state_dict() counts the parameters, and names them beside it if they were given with names.
  EXPECT_EQ(from_torch(R"({"state": {}, "param_groups": [
                {"lr": 0.1, "params": [0, 1], "param_names": ["body.weight", "body.bias"]},
                {"lr": 0.3, "params": [2], "lr_scale": 3, "param_names": ["head.weight"]}]})",
                       "SGD")
                .text(),
            "sgd:lr=0.1 group[head.weight]=lr=0.3,lr_scale=3");
  EXPECT_EQ(text(R"({"lr": 0.25, "params": ["a"]}, {"lr": 0.5, "params": ["b"], "lr_scale": 2})", "SGD"),
            "sgd:lr=0.25 group[b]=lr_scale=2");
  // The first group's lr_scale is of all that the others leave.
  EXPECT_EQ(text(R"({"lr": 0.5, "lr_scale": 0.25, "params": ["a"]}, {"lr": 0.5, "params": ["b"]})", "SGD"),
            "sgd:lr=0.5 group[b]=lr_scale=1 group[*]=lr=0.5,lr_scale=0.25");
  // Names are what they are.
  EXPECT_EQ(text(R"({"lr": 0.5, "params": ["ab", "w[0x"]}, {"lr": 0.25, "params": ["a*", "w[0]", "b\\"]})", "SGD"),
            R"(sgd:lr=0.5 group[a\*]=lr=0.25 group[b\\]=lr=0.25 group[w[0\]]=lr=0.25)");
  // Or the group's name is a pattern.
  EXPECT_EQ(text(R"({"lr": 0.1}, {"lr": 0.2, "name": "*.bias", "params": [3]})", "SGD"),
            "sgd:lr=0.1 group[*.bias]=lr=0.2");
  // Adam with amsgrad is a rule of its own here.
  EXPECT_EQ(text(R"({"lr": 0.1, "params": ["a"]}, {"lr": 0.2, "amsgrad": true, "params": ["b"]})", "Adam"),
            "adam:lr=0.1 group[b]=amsgrad:lr=0.2");
  EXPECT_EQ(
      from_timm(R"([{"lr": 0.1, "params": ["a.w"]}, {"lr": 0.1, "weight_decay": 0.5, "params": ["a.b"]}])", "Lamb")
          .text(),
      "lamb:lr=0.1,weight_decay=0.01,always_adapt=false clip=global_norm:1 step_count=shared "
      "group[*.b]=weight_decay=0.5");
}

TEST(DialectsAround, GroupsGoBackToTorchByTheirPatterns) {
  const auto back = [](const char* text) { return to_torch(parse_description(text)); };
  const std::string groups =
      back("sgd:lr=0.5,momentum=0.9 group[*.bias]=momentum=0 group[head.*]=lr_scale=0.25,weight_decay=0.125");
  EXPECT_EQ(from_torch(groups, "SGD").text(),
            "sgd:lr=0.5,momentum=0.9 group[*.bias]=momentum=0 group[head.*]=weight_decay=0.125,lr_scale=0.25");
  EXPECT_THAT(groups, HasSubstr(R"("lr": 0.125)")) << "the rate in force";
  EXPECT_THAT(error_of([&] { back("adam group[embedding]=adagrad"); }),
              HasSubstr("group[embedding]: the rule adagrad beside adam has no counterpart in torch"));
  EXPECT_THAT(error_of([&] { back("adam accumulation=4"); }), HasSubstr("an accumulation has no counterpart in torch"));
  EXPECT_THAT(error_of([&] { to_keras(parse_description("adam group[*.bias]=eps=1")); }),
              HasSubstr("groups of parameters have no counterpart in keras"));
}

TEST(DialectsAround, ReadsTheOptimizerOfAModel) {
  const Options expected = from_keras(R"({"rho": 0.8})", "RMSprop").options;
  const std::string optimizer = R"({"module": "keras.optimizers", "class_name": "RMSprop", "config": {"rho": 0.8}})";
  for (const std::string& text :
       {R"({"loss": "mse", "optimizer_config": )" + optimizer + "}",
        R"({"loss": "mse", "optimizer": )" + optimizer + "}",
        R"({"training_config": {"optimizer_config": )" + optimizer + "}}",
        R"({"class_name": "Sequential", "config": {}, "compile_config": {"optimizer": )" + optimizer + "}}"}) {
    EXPECT_EQ(from_keras(text).options, expected) << text;
  }
  EXPECT_EQ(from_keras(R"({"optimizer": "rmsprop", "loss": "mse"})").options, from_keras("{}", "RMSprop").options);
}

TEST(DialectsAround, FindsKeras2ByItsKeysAndModule) {
  const Options outside = parse_options("rmsprop:lr=.1,alpha=.8,eps=1e-7,lr_in_momentum=true");
  const std::string keys = R"("learning_rate": 0.1, "rho": 0.8)";
  const std::string config = R"("class_name": "RMSprop", "config": {)" + keys + "}}";
  for (const std::string& text : {R"({"decay": 0.0, )" + keys + "}", R"({"is_legacy_optimizer": true, )" + keys + "}",
                                  R"({"module": "keras.optimizers.legacy", )" + config,
                                  R"({"module": "keras.optimizers.optimizer_v2.rmsprop", )" + config}) {
    EXPECT_EQ(from_keras(text, "RMSprop").options, outside) << text;
  }
  EXPECT_EQ(from_keras("{" + keys + "}", "tf_keras.optimizers.legacy.RMSprop").options, outside);
  EXPECT_EQ(from_keras2("{" + keys + "}", "RMSprop").options, outside);
  EXPECT_EQ(from_keras("{" + keys + "}", "RMSprop").options.get("eps_inside"), 1)
      << "without any of these it is Keras 3";
}

TEST(DialectsAround, Keras2sDefaultsAndOlderKeys) {
  const auto is = [](const char* name, const char* json, const char* thalweg) {
    EXPECT_EQ(from_keras2(json, name).options, parse_options(thalweg)) << name << json;
  };
  is("SGD", "{}", "sgd:lr=1e-2,lr_in_momentum=true");
  is("RMSprop", "{}", "rmsprop:lr=1e-3,alpha=.9,eps=1e-7,lr_in_momentum=true");
  is("RMSprop", R"({"momentum": 0.5})",
     "rmsprop:lr=1e-3,alpha=.9,eps=1e-7,lr_in_momentum=true,momentum=.5,eps_inside=true");
  is("Adagrad", "{}", "adagrad:lr=1e-3,eps=1e-7,initial_accumulator_value=.1");
  is("Adadelta", "{}", "adadelta:lr=1e-3,rho=.95,eps=1e-7");
  is("Adam", "{}", "adam:lr=1e-3,eps=1e-7,eps_before_correction=true");
  is("Adamax", "{}", "adamax:lr=1e-3,eps=1e-7,eps_beside=true");
  is("Nadam", "{}", "nadam:lr=1e-3,eps=1e-7,momentum_decay=.004");
  is("Nadam", R"({"schedule_decay": 0.01})", "nadam:lr=1e-3,eps=1e-7,momentum_decay=.01");
  // Keras takes its backend's ε for none and for 0.
  is("Adam", R"({"lr": 0.1, "epsilon": null})", "adam:lr=.1,eps=1e-7,eps_before_correction=true");
  is("Adam", R"({"epsilon": 0.0})", "adam:lr=1e-3,eps=1e-7,eps_before_correction=true");
}

TEST(DialectsAround, Keras2sDecayIsASchedule) {
  const Translation here =
      from_keras(R"({"name": "SGD", "learning_rate": 0.5, "decay": 0.25, "momentum": 0.0, "nesterov": false})");
  ASSERT_TRUE(here.schedule);
  EXPECT_EQ(here.options.get("lr"), 0.5);
  EXPECT_EQ(here.schedule->factor(1), 1);
  EXPECT_EQ(here.schedule->factor(5), 0.5);
  const Translation nadam = from_keras(R"({"name": "Nadam", "decay": 0.25})");
  EXPECT_FALSE(nadam.schedule) << "its decay is the momentum's";
}

TEST(DialectsAround, AnAverageMayStandStill) {
  const Translation here = from_keras(R"({"use_ema": true, "ema_momentum": 1.0})", "SGD");
  EXPECT_EQ(here.settings.average.decay, 1);
  std::vector<float> a(64, 1), b(64, 1), gradient(64, 0.5F);
  Optimizer optimizer{here.options, here.settings};
  const Handle first = optimizer.add("a", a), second = optimizer.add("b", b);
  for (int step = 0; step < 3; ++step) optimizer.step({{first, std::span<const float>(gradient)}});
  EXPECT_EQ(optimizer.average<float>(second)[0], 1);
  EXPECT_LT(a[0], optimizer.average<float>(first)[0]);
}

TEST(DialectsAround, ErrorsAreShortWhateverTheTextIs) {
  const std::string mega(1 << 20, 'k');
  EXPECT_THAT(error_in("torch", "", R"({"alpha": 0.5, "centered": true, ")" + mega + R"(": 1})"),
              SizeIs(testing::Lt(1000U)));
  EXPECT_THAT(error_in("keras", mega, "{}"), SizeIs(testing::Lt(1000U)));
  EXPECT_THAT(error_in("keras", "", R"({"class_name": ")" + mega + R"(", "config": {}})"), SizeIs(testing::Lt(1000U)));
  EXPECT_THAT(error_in(mega, "Adam", "{}"), SizeIs(testing::Lt(1000U)));
  const std::string deep = std::string(60'000, '[') + std::string(60'000, ']');
  EXPECT_THAT(error_in("torch", "Adam", R"({"params": )" + deep + "}"), HasSubstr("nested deeper"));
}

}  // namespace
}  // namespace thalweg::tests
