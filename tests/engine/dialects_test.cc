// The dialects against the frameworks' recordings and defaults.
#include "engine/dialects.h"

#include <thalweg/rules.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Dialects, TranslateEveryRecording) {
  std::map<std::string, int> counts;
  for (const GoldenCase& golden : golden_cases()) {
    SCOPED_TRACE(golden.id);
    if (!has_dialect(golden)) continue;
    const Translation translation = translate(golden.peer, name_of(golden), config(golden));
    const Options options = translated(golden, name_of(golden));
    EXPECT_EQ(options.text(), golden.options.text());
    EXPECT_EQ(options, golden.options);
    EXPECT_EQ(translation.settings.step_count, golden.settings.step_count);
    EXPECT_EQ(translation.settings.first_values, golden.settings.first_values);
    EXPECT_EQ(translation.schedule.has_value(), golden.has_schedule);
    // Keras takes cosines in float32, whatever floatx is.
    const double allowed = config(golden).find("\"CosineDecay") != std::string::npos ? 1e-8 : 1e-15;
    for (std::size_t step = 0; golden.has_schedule && step < golden.steps.size(); ++step) {
      const double lr =
          translation.options.get("lr") * translation.schedule->factor(static_cast<std::int64_t>(step) + 1);
      EXPECT_NEAR(lr, golden.steps[step].lr.value(), allowed) << "step " << step + 1;
    }
    ++counts[golden.peer];
  }
  EXPECT_GE(counts["torch"], 200);
  EXPECT_GE(counts["keras"], 120);
  EXPECT_GE(counts["optax"], 160);
  EXPECT_GE(counts["tf1"], 80);
  EXPECT_GE(counts["timm"], 80);
}

TEST(Dialects, TranslateEveryRecordingToldTheRule) {
  // For Optax and TensorFlow a rule may be several functions.
  for (const GoldenCase& golden : golden_cases()) {
    SCOPED_TRACE(golden.id);
    if (!has_dialect(golden) || golden.peer == "optax") continue;
    if (golden.peer == "tf1" && golden.rule == "sgd") continue;
    EXPECT_EQ(translated(golden, golden.rule), golden.options);
  }
}

TEST(Dialects, TellTheRuleFromTheKeys) {
  const std::set<std::string> tf1_not_told = {"ResourceApplyMomentum", "ResourceApplyKerasMomentum",
                                              "ResourceApplyAdaMax"};
  for (const GoldenCase& golden : golden_cases()) {
    SCOPED_TRACE(golden.id);
    if (!has_dialect(golden) || golden.peer == "optax") continue;
    const auto* nesterov = golden.peer_options.find("use_nesterov", "");
    if (tf1_not_told.contains(golden.peer_name) || (golden.peer_name == "ResourceApplyAdam" && nesterov == nullptr)) {
      EXPECT_THAT(error_in("tf1", "", config(golden)), AllOf(HasSubstr("name it"), HasSubstr("ResourceApply")));
      continue;
    }
    if (golden.peer == "timm") continue;  // recorded with arguments of constructors, which have few keys
    const Options told = translated(golden, "");
    if (golden.peer == "torch" && golden.rule == "adam" && told.get("decoupled_weight_decay") != 0) {
      EXPECT_EQ(told.rule().name, "adamw");  // the same keys and values
      EXPECT_EQ(told.values(), golden.options.values());
    } else {
      EXPECT_EQ(told, golden.options);
    }
  }
}

TEST(Dialects, TellKerasRulesWithoutAName) {
  for (const GoldenCase& golden : golden_cases()) {
    SCOPED_TRACE(golden.id);
    if (golden.peer != "keras" || golden.has_schedule) continue;
    json::Object keys = golden.peer_options.object("options");
    for (const char* name : {"", "name", "my_optimizer"}) {
      keys.erase("name");
      if (*name != '\0') keys["name"] = name;
      const std::string text = json::to_string(keys);
      if (golden.rule == "adamax" || golden.rule == "nadam" || golden.rule == "lamb") {
        EXPECT_THAT(error_in("keras", "", text),
                    AllOf(HasSubstr("name it"), HasSubstr("Adamax"), HasSubstr("Nadam"), HasSubstr("Lamb")));
      } else {
        const Options told = from_keras(text).options;
        EXPECT_EQ(told.values(), golden.options.values());
        EXPECT_EQ(told.rule().name, golden.rule == "adamw" ? "adam" : golden.rule);
      }
    }
  }
}

// What the frameworks' own constructors have as defaults (PyTorch 2.13, Keras 3.15, Optax 0.2.8, TensorFlow 1's
// classes, timm 1.0.31).
TEST(Dialects, FillInTheFrameworksDefaults) {
  struct Case {
    const char *peer, *name, *json, *thalweg;
  };
  const std::vector<Case> cases = {
      {"torch", "SGD", "{}", "sgd:lr=1e-3"},
      {"torch", "RMSprop", "{}", "rmsprop:lr=1e-2,alpha=.99,eps=1e-8"},
      {"torch", "Adagrad", "{}", "adagrad:lr=1e-2,eps=1e-10"},
      {"torch", "Adadelta", "{}", "adadelta:lr=1,rho=.9,eps=1e-6"},
      {"torch", "Adam", "{}", "adam:lr=1e-3,beta1=.9,beta2=.999,eps=1e-8"},
      {"torch", "AdamW", "{}", "adamw:lr=1e-3,weight_decay=1e-2,decoupled_weight_decay=true"},
      {"torch", "AdamW", R"({"amsgrad": true})", "amsgrad:weight_decay=1e-2,decoupled_weight_decay=true"},
      {"torch", "amsgrad", "{}", "amsgrad:weight_decay=0,decoupled_weight_decay=false"},
      {"torch", "Adamax", "{}", "adamax:lr=2e-3,eps=1e-8"},
      {"torch", "NAdam", "{}", "nadam:lr=2e-3,momentum_decay=4e-3"},
      {"torch", "RAdam", "{}", "radam:lr=1e-3"},
      {"torch", "Rprop", "{}", "rprop:lr=1e-2,eta_minus=.5,eta_plus=1.2,step_min=1e-6,step_max=50"},
      {"torch", "Adafactor", "{}", "adafactor:lr=1e-2,beta2_decay=-.8,eps1=1.1920928955078125e-07,eps2=1e-3"},
      {"torch", "Adafactor", R"({"eps": [null, 0.5], "d": 2})", "adafactor:eps2=.5,clip_threshold=2"},
      {"keras", "Lamb", "{}", "lamb:lr=1e-3,eps=1e-7,decoupled_weight_decay=true"},
      {"keras", "Adafactor", "{}", "adafactor:lr=1e-3,eps1=1e-30,eps_inside=true,decay_first=true"},
      {"keras", "Adafactor", R"({"relative_step": false})",
       "adafactor:lr=1e-3,eps1=1e-30,eps_inside=true,decay_first=true"},
      {"optax", "lamb", R"({"learning_rate": 2})", "lamb:lr=2,eps=1e-6"},
      {"optax", "lars", R"({"learning_rate": 2})",
       "lars:lr=2,eps=0,momentum=.9,always_adapt=true,norm_of_sum=true,lr_in_momentum=true"},
      {"optax", "adafactor", "{}",
       "adafactor:lr=1,eps1=1e-30,eps_inside=true,decay_without_lr=true,relative_step=false,min_dim_size_to_factor="
       "128"},
      {"optax", "adafactor",
       R"({"learning_rate": null, "decay_rate": 0.5, "clipping_threshold": null, "momentum": null,
           "weight_decay_rate": null, "multiply_by_parameter_scale": false, "dtype_momentum": "float32"})",
       "adafactor:lr=1,beta2_decay=-.5,clip_threshold=0,eps1=1e-30,eps_inside=true,decay_without_lr=true,"
       "relative_step=false,scale_parameter=false,min_dim_size_to_factor=128"},
      {"timm", "Lamb", "{}", "lamb:lr=1e-3,eps=1e-6,weight_decay=1e-2,always_adapt=false"},
      {"timm", "Lars", "{}", "lars:lr=1,eps=1e-8,trust_coefficient=1e-3"},
      {"timm", "lars", R"({"momentum": 0.9})", "lars:momentum=.9"},
      {"timm", "Adafactor", "{}",
       "adafactor:lr=1e-2,eps1=1e-30,eps_inside=true,decay_with_scale=true,min_dim_size_to_factor=17"},
      {"timm", "Adafactor", R"({"lr": null, "warmup_init": true, "betas": null})",
       "adafactor:lr=1e-6,warmup_init=true,eps1=1e-30,eps_inside=true,decay_with_scale=true,min_dim_size_to_factor=17"},
      {"timm", "Adafactor", R"({"lr": 0.5, "betas": [0.75, 0.99], "min_dim_size_to_factor": 0})",
       "adafactor:lr=.5,momentum=.75,eps1=1e-30,eps_inside=true,decay_with_scale=true,min_dim_size_to_factor=1,"
       "relative_step=false,scale_parameter=false"},
      {"keras", "SGD", "{}", "sgd:lr=1e-2,lr_in_momentum=true,decoupled_weight_decay=true"},
      {"keras", "RMSprop", "{}",
       "rmsprop:lr=1e-3,alpha=.9,eps=1e-7,eps_inside=true,lr_in_momentum=true,decoupled_weight_decay=true"},
      {"keras", "Adagrad", "{}",
       "adagrad:lr=1e-3,initial_accumulator_value=.1,eps=1e-7,eps_inside=true,decoupled_weight_decay=true"},
      {"keras", "Adadelta", "{}", "adadelta:lr=1e-3,rho=.95,eps=1e-7,decoupled_weight_decay=true"},
      {"keras", "Adam", "{}", "adam:lr=1e-3,eps=1e-7,eps_before_correction=true,decoupled_weight_decay=true"},
      {"keras", "AdamW", "{}", "adamw:lr=1e-3,eps=1e-7,weight_decay=4e-3,eps_before_correction=true"},
      {"keras", "adam_w", R"({"amsgrad": true})",
       "amsgrad:eps=1e-7,weight_decay=4e-3,eps_before_correction=true,decoupled_weight_decay=true"},
      {"keras", "amsgrad", "{}", "amsgrad:lr=1e-3,eps=1e-7,eps_before_correction=true,decoupled_weight_decay=true"},
      {"keras", "Adamax", "{}", "adamax:lr=1e-3,eps=1e-7,eps_beside=true,decoupled_weight_decay=true"},
      {"keras", "Nadam", "{}", "nadam:lr=1e-3,eps=1e-7,momentum_decay=1,decoupled_weight_decay=true"},
      {"keras", "Lion", "{}", "lion:lr=1e-3,beta1=.9,beta2=.99"},
      {"optax", "sgd", R"({"learning_rate": 2})", "sgd:lr=2"},
      {"optax", "rmsprop", R"({"learning_rate": 2})",
       "rmsprop:lr=2,alpha=.9,eps=1e-8,eps_inside=true,lr_in_momentum=true"},
      {"optax", "adagrad", R"({"learning_rate": 2})",
       "adagrad:lr=2,initial_accumulator_value=.1,eps=1e-7,eps_inside=true"},
      {"optax", "adadelta", R"({"learning_rate": 2})", "adadelta:lr=2,rho=.9,eps=1e-6"},
      {"optax", "adam", R"({"learning_rate": 2})", "adam:lr=2,eps=1e-8,decoupled_weight_decay=true"},
      {"optax", "adamw", R"({"learning_rate": 2})", "adamw:lr=2,weight_decay=1e-4"},
      {"optax", "nadam", R"({"learning_rate": 2})", "nadam:lr=2,momentum_schedule=false,decoupled_weight_decay=true"},
      {"optax", "nadamw", R"({"learning_rate": 2})",
       "nadam:lr=2,weight_decay=1e-4,momentum_schedule=false,decoupled_weight_decay=true"},
      {"optax", "nadam", R"({"learning_rate": 2, "nesterov": false})", "adam:lr=2,decoupled_weight_decay=true"},
      {"optax", "nadamw", R"({"learning_rate": 2, "nesterov": false})", "adamw:lr=2,weight_decay=1e-4"},
      {"optax", "amsgrad", R"({"learning_rate": 2})", "amsgrad:lr=2,maximum_of_corrected=true"},
      {"optax", "adamax", R"({"learning_rate": 2})", "adamax:lr=2,decoupled_weight_decay=true"},
      {"optax", "adamaxw", R"({"learning_rate": 2})", "adamax:lr=2,weight_decay=1e-4,decoupled_weight_decay=true"},
      {"optax", "radam", R"({"learning_rate": 2})",
       "radam:lr=2,threshold=5,threshold_inclusive=true,eps_before_correction=false"},
      {"optax", "lion", R"({"learning_rate": 2})", "lion:lr=2,weight_decay=1e-3"},
      {"tf1", "rmsprop", R"({"lr": 2, "rho": 0.8, "momentum": 0})",
       "rmsprop:lr=2,alpha=.8,eps=1e-10,initial_accumulator_value=1,eps_inside=true,lr_in_momentum=true"},
      {"tf1", "ApplyRMSProp", R"({"lr": 2})",
       "rmsprop:lr=2,alpha=.9,eps=1e-10,initial_accumulator_value=1,eps_inside=true,lr_in_momentum=true"},
      {"tf1", "ResourceApplyMomentum", R"({"lr": 2, "momentum": 0.5})", "sgd:lr=2,momentum=.5"},
      {"tf1", "ResourceApplyAdagrad", R"({"lr": 2})", "adagrad:lr=2,eps=0,initial_accumulator_value=.1"},
      {"tf1", "adadelta", "{}", "adadelta:lr=1e-3,rho=.95,eps=1e-8"},
      {"tf1", "adam", "{}", "adam:lr=1e-3,beta1=.9,beta2=.999,eps=1e-8,eps_before_correction=true"},
  };
  for (const Case& expected : cases) {
    SCOPED_TRACE(std::string(expected.peer) + " " + expected.name);
    EXPECT_EQ(translate(expected.peer, expected.name, expected.json).options.text(),
              parse_options(expected.thalweg).text());
  }
}

TEST(Dialects, PassOverWhatHasNoMeaningForTheNumbers) {
  EXPECT_EQ(from_torch(R"({"params": [0, 1], "param_names": ["a", "b"], "lr": 0.5, "foreach": true, "fused": null,
                           "capturable": true, "differentiable": true, "initial_lr": 1})",
                       "rmsprop")
                .options,
            Options(RMSprop{.lr = 0.5}));
  EXPECT_EQ(from_keras(R"({"name": "x", "jit_compile": true, "loss_scale_factor": null, "decay": 0.0,
                           "is_legacy_optimizer": false, "ema_momentum": 0.5})",
                       "Lion")
                .options,
            from_keras("{}", "lion").options);
  EXPECT_EQ(from_optax("adam", R"({"learning_rate": 1, "mu_dtype": null, "mask": null})").options,
            from_optax("adam", R"({"learning_rate": 1})").options);
  EXPECT_EQ(from_tf1(R"({"alpha": 1, "use_locking": true, "name": "x"})").options, Options(SGD{.lr = 1}));
}

TEST(Dialects, ReadKerasSerializedForm) {
  const char* text = R"({"module": "keras.optimizers", "class_name": "RMSprop", "registered_name": null,
                         "config": {"name": "adam", "rho": 0.8}})";
  const Options expected = from_keras(R"({"rho": 0.8})", "RMSprop").options;
  EXPECT_EQ(from_keras(text).options, expected);
  EXPECT_EQ(from_keras(text, "rmsprop").options, expected);
  EXPECT_THAT(error_of([&] { (void)from_keras(text, "adam"); }), AllOf(HasSubstr("RMSprop"), HasSubstr("'adam'")));
  EXPECT_THAT(error_of([&] { (void)from_keras(text, "amsgrad"); }), HasSubstr("amsgrad"));
  EXPECT_THAT(error_in("keras", "", R"({"class_name": "Ftrl", "config": {}})"), HasSubstr("'Ftrl' is no optimizer"));
  EXPECT_THAT(error_in("keras", "", R"({"class_name": "SGD"})"), HasSubstr("\"config\" is missing"));
  EXPECT_THAT(error_in("keras", "", R"({"class_name": 3, "config": {}})"), HasSubstr("class_name: the number 3"));
  EXPECT_THAT(error_in("keras", "", R"({"class_name": "SGD", "config": {}, "modul": ""})"),
              AllOf(HasSubstr("'modul'"), HasSubstr("did you mean module?")));
}

}  // namespace
}  // namespace thalweg::tests
