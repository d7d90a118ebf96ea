// What the dialects refuse, and how they say so.
#include "engine/dialects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::HasSubstr;

TEST(DialectRefusals, NameTheKeyInErrors) {
  struct Case {
    const char *peer, *name, *json;
    std::vector<const char*> parts;
  };
  const std::vector<Case> cases = {
      // Unknown keys.
      {"torch",
       "",
       R"({"alpha": 0.9, "centered": true, "momentun": 0.5})",
       {"torch RMSprop: unknown key 'momentun'", "did you mean momentum?"}},
      {"torch", "sgd", R"({"weight_dcay": 0})", {"torch SGD", "'weight_dcay'", "weight_decay"}},
      {"keras", "RMSprop", R"({"roh": 0.9})", {"keras RMSprop", "'roh'", "did you mean rho?"}},
      {"keras", "SGD", R"({"clipnrm": 1})", {"'clipnrm'", "clipnorm"}},
      {"optax", "adam", R"({"learning_rate": 1, "beta1": 0.9})", {"optax adam", "'beta1'", "b1"}},
      {"tf1", "ResourceApplyRMSProp", R"({"lr": 1, "decay": 0.9})", {"ResourceApplyRMSProp", "'decay'", "rho"}},
      // Outside the range, not finite, missing.
      {"torch", "rmsprop", R"({"alpha": 1.2})", {"torch RMSprop: alpha = 1.2 is outside [0, 1)"}},
      {"torch", "Adam", R"({"betas": [0.9, 1]})", {"torch Adam: betas[1] = 1 is outside [0, 1)"}},
      {"keras", "Adam", R"({"beta_1": -0.1})", {"keras Adam: beta_1 = -0.1 is outside [0, 1)"}},
      {"optax", "rmsprop", R"({"learning_rate": 1, "decay": 1})", {"optax rmsprop: decay = 1 is outside [0, 1)"}},
      {"tf1", "ResourceApplyRMSProp", R"({"lr": -1})", {"lr = -1 is outside [0, "}},
      {"torch", "Adam", R"({"lr": NaN})", {"torch options: lr = NaN", "finite"}},
      {"torch", "Adam", R"({"lr": 1, "betas": [0.9, Infinity]})", {"betas = Infinity", "finite"}},
      {"keras", "SGD", R"({"a\"b": "NaN", "learning_rate": -Infinity})", {"learning_rate = -Infinity"}},
      {"torch", "Adam", R"({"lr": 1e999})", {"torch options", "range of a double"}},
      {"optax", "adam", "{}", {"optax adam: learning_rate is missing"}},
      {"optax", "adadelta", "{}", {"optax adadelta: learning_rate is missing"}},
      {"tf1", "ResourceApplyMomentum", R"({"lr": 1})", {"momentum is missing"}},
      // The wrong type.
      {"torch", "rmsprop", R"({"alpha": "0.9"})", {"torch RMSprop: alpha", "the string \"0.9\"", "a number"}},
      {"torch", "rmsprop", R"({"centered": 1})", {"torch RMSprop: centered", "the number 1", "true or false"}},
      {"torch", "sgd", R"({"momentum": false})", {"torch SGD: momentum", "false", "a number"}},
      {"torch", "Adam", R"({"betas": 0.9})", {"torch Adam: betas", "the number 0.9", "an array"}},
      {"torch", "Adam", R"({"betas": [0.9]})", {"torch Adam: betas has 1 elements; allowed are 2"}},
      {"torch", "Adam", R"({"betas": [0.9, null]})", {"torch Adam: betas[1]", "null", "a number"}},
      {"torch", "Adam", R"({"amsgrad": 1})", {"torch Adam: amsgrad", "the number 1", "true or false"}},
      {"torch", "sgd", R"({"weight_decay": null})", {"torch SGD: weight_decay", "null", "a number"}},
      {"keras", "AdamW", R"({"weight_decay": null})", {"keras AdamW: weight_decay", "null"}},
      {"optax", "adadelta", R"({"learning_rate": null})", {"optax adadelta: learning_rate", "null"}},
      {"torch", "sgd", "[]", {"torch options", "an array", "an object"}},
      {"torch", "sgd", "{", {"torch options"}},
      {"keras", "", "", {"keras options"}},
      // What thalweg does not do.
      {"keras",
       "SGD",
       R"({"gradient_accumulation_steps": 4})",
       {"keras SGD: gradient_accumulation_steps = 4 has no counterpart yet; allowed is null"}},
      {"keras", "SGD", R"({"loss_scale_factor": 0})", {"keras SGD: ", "loss_scale = 0 is outside (0, "}},
      {"keras", "SGD", R"({"loss_scale_factor": true})", {"keras SGD: loss_scale_factor", "a number"}},
      {"keras", "SGD", R"({"clipnorm": 1, "clipvalue": 1})", {"only one of clipnorm, global_clipnorm and clipvalue"}},
      {"keras", "SGD", R"({"clipnorm": "1"})", {"keras SGD: clipnorm", "the string \"1\"", "a number"}},
      {"keras", "SGD", R"({"use_ema": 1})", {"keras SGD: use_ema", "the number 1", "true or false"}},
      {"keras",
       "SGD",
       R"({"use_ema": true, "ema_momentum": 1.5})",
       {"keras SGD: decay of the average = 1.5", "[0, 1]"}},
      {"keras",
       "SGD",
       R"({"use_ema": true, "ema_overwrite_frequency": 0.5})",
       {"keras SGD: ema_overwrite_frequency", "the number 0.5"}},
      {"keras", "SGD", R"({"decay": -0.1})", {"keras2 SGD: decay = -0.1 is outside [0, "}},
      {"keras", "SGD", R"({"decay": 0, "weight_decay": 0.1})", {"keras2 SGD: ", "weight_decay is a key of Keras 3"}},
      {"keras",
       "Adam",
       R"({"decay": 0.1, "is_legacy_optimizer": false})",
       {"keras Adam: decay = 0.1 is of the legacy"}},
      {"keras", "Adam", R"({"decay": 0, "clipnorm": 0})", {"keras2 Adam: clipnorm = 0 is outside (0, "}},
      {"keras", "Adam", R"({"lr": 0.1, "learning_rate": 0.1, "decay": 0})", {"lr and learning_rate are the same"}},
      {"keras", "Adagrad", R"({"lr": 0.1, "decay": 0})", {"keras2 Adagrad", "initial_accumulator_value"}},
      {"keras", "Ftrl", R"({"decay": 0})", {"keras2: Ftrl has no counterpart"}},
      {"keras2", "AdamW", "{}", {"keras2: 'AdamW' is no optimizer"}},
      {"keras",
       "SGD",
       R"({"decay": 0.1, "learning_rate": {"class_name": "ExponentialDecay",
           "config": {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}}})",
       {"keras2 SGD: a schedule", "together with decay"}},
      {"keras",
       "",
       R"({"decay": 0, "learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.5, "epsilon": 1e-7})",
       {"keras2: these keys do not tell the optimizer; name it: Adam, Adamax or Nadam"}},
      {"keras", "", R"({"decay": 0, "lr": 0.1, "rho": 0.9, "epsilon": null})", {"name it: RMSprop or Adadelta"}},
      {"keras",
       "SGD",
       R"({"learning_rate": {"class_name": "CosineDecay"}})",
       {"keras SGD: learning_rate", "\"config\" is missing"}},
      {"keras",
       "SGD",
       R"({"learning_rate": {"class_name": "CosineDecy", "config": {}}})",
       {"keras SGD: learning_rate: 'CosineDecy' is no schedule", "did you mean CosineDecay?"}},
      {"keras",
       "SGD",
       R"({"learning_rate": {"class_name": "CosineDecay", "config": {"decay_steps": 3}}})",
       {"learning_rate: CosineDecay: initial_learning_rate is missing"}},
      {"keras",
       "SGD",
       R"({"learning_rate": {"class_name": "CosineDecay",
                             "config": {"initial_learning_rate": 0.1, "decay_steps": 3, "alpa": 0}}})",
       {"CosineDecay: unknown key 'alpa'", "did you mean alpha?"}},
      {"keras",
       "SGD",
       R"({"learning_rate": {"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 0}}})",
       {"CosineDecay: schedule: decay_steps = 0 is outside (0, "}},
      {"keras",
       "SGD",
       R"({"learning_rate": {"class_name": "PiecewiseConstantDecay", "config": {"boundaries": [1], "values": [1]}}})",
       {"1 values for 1 boundaries"}},
      {"optax", "adam", R"({"learning_rate": 1, "mu_dtype": "bfloat16"})", {"mu_dtype = \"bfloat16\" has no"}},
      {"optax", "adamw", R"({"learning_rate": 1, "mask": {"a": true}})", {"mask = "}},
      {"optax", "nadam", R"({"learning_rate": 1, "nesterov": 1})", {"optax nadam: nesterov = 1", "true"}},
      {"optax", "rprop", R"({"learning_rate": 1})", {"optax: rprop of 0.2.8", "the step before", "clamp_always"}},
      {"tf1", "ResourceApplyRMSProp", R"({"lr": 1, "mom0": "x"})", {"mom0", "the string \"x\"", "a number"}},
      {"tf1", "ResourceApplyAdagrad", R"({"lr": 1, "update_slots": false})", {"update_slots = false"}},
      // Names.
      {"torch", "RMSprob", "{}", {"torch: 'RMSprob'", "did you mean RMSprop?"}},
      {"torch", "lion", "{}", {"torch: 'lion' is no optimizer"}},
      {"keras", "radam", "{}", {"keras: 'radam' is no optimizer"}},
      {"optax", "adamww", "{}", {"optax: 'adamww'", "adamw"}},
      {"optax", "", "{}", {"optax: ", "name it", "sgd", "lion"}},
      {"tf1", "ResourceApplyFtrl", "{}", {"tf1: 'ResourceApplyFtrl' is no optimizer"}},
      {"tf1", "rprop", "{}", {"tf1: 'rprop' is no optimizer"}},
      {"tf1",
       "sgd",
       R"({"lr": 1, "momentum": 0.5})",
       {"name it: ", "ResourceApplyMomentum or ResourceApplyKerasMomentum"}},
      {"torch", "", R"({"lr": 0.1})", {"torch: these keys do not tell the optimizer; name it", "SGD", "Rprop"}},
      {"torch", "", R"({"lr": 0.1, "betas": [0.9, 0.99], "eps": 1e-8})", {"name it"}},
      // What PyTorch's keys do not tell. Adam and AdamW had the same before 2.7.
      {"torch",
       "",
       R"({"lr": 0.1, "betas": [0.9, 0.99], "eps": 1e-8, "weight_decay": 0.01, "amsgrad": false})",
       {"torch: these keys do not tell the optimizer", "weight_decay is not 0", "name it: Adam or AdamW"}},
      {"torch", "", R"({"betas": [0.9, 0.99], "amsgrad": true})", {"weight_decay is not given", "Adam or AdamW"}},
      {"torch",
       "",
       R"({"lr": 1, "betas": [0.9, 0.99], "eps": 1e-8, "weight_decay": 0, "amsgrad": false, "buffer": 1})",
       {"torch Adam: unknown key 'buffer'", "passed over if the class is named"}},
      {"torch", "", R"({"betas": [0.9, 0.99], "weight_decay": 0})", {"name it: Adam, AdamW, Adamax, NAdam or RAdam"}},
      // Users' own keys pass, misspelt ones do not; what means something must be right.
      {"torch", "Adam", R"({"weight_decey": 0.1})", {"unknown key 'weight_decey'", "did you mean weight_decay?"}},
      {"torch", "Adam", R"({"lr_scale": -1})", {"torch Adam: lr_scale = -1 is outside [0, "}},
      {"torch", "Adam", R"({"lr_scale": "half"})", {"torch Adam: lr_scale", "a number"}},
      // Modules in front of names, and what is around a group.
      {"torch", "keras.optimizers.Adam", "{}", {"torch: 'keras.optimizers.Adam' is of the package 'keras'"}},
      {"torch", "timm.optim.RMSpropTF", "{}", {"is of the package 'timm'; allowed are those of torch"}},
      {"keras", "torch.optim.Adam", "{}", {"is of the package 'torch'"}},
      {"torch",
       "Adam",
       R"({"state": {}, "param_groups": [{}, {}]})",
       {"torch options: param_groups has 2 groups", "param_groups[0]"}},
      {"torch", "Adam", "[{}, {}, {}]", {"torch options has 3 groups; give one of them"}},
      {"torch", "Adam", R"({"state": {}, "param_groups": []})", {"has 0 groups"}},
      {"keras",
       "",
       R"({"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": {"class_name": "Adam", "config": {}},
           "dynamic": true, "initial_scale": 32768.0, "dynamic_growth_steps": 2000}})",
       {"'LossScaleOptimizer' scales the loss of another optimizer", "what stands under \"inner_optimizer\""}},
      {"keras", "", R"({"inner_optimizer": {}, "initial_scale": 1})", {"give what stands under \"inner_optimizer\""}},
      {"keras", "", R"({"class_name": "Sequential", "config": {}})", {"'Sequential' is no optimizer"}},
      // Numbers that are none of a double's, and texts of any length.
      {"keras", "SGD", R"({"ema_overwrite_frequency": 99999999999999999999, "use_ema": true})", {"the number 1e+20"}},
      {"keras", "SGD", R"({"learning_rate": 1e400})", {"range of a double"}},
      {"optax", "sgd", R"({"learning_rate": -1e308})", {"learning_rate = -1e+308 is outside"}},
      {"torch", "amsgrad", R"({"amsgrad": false})", {"torch Adam: amsgrad = false contradicts"}},
  };
  for (const Case& expected : cases) {
    SCOPED_TRACE(std::string(expected.peer) + " " + expected.name + " " + expected.json);
    const std::string error = error_in(expected.peer, expected.name, expected.json);
    for (const char* part : expected.parts) EXPECT_THAT(error, HasSubstr(part));
  }
}

}  // namespace
}  // namespace thalweg::tests
