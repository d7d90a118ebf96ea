// PyTorch's optimizers, as of 2.13.
#include "dialects/dialect.h"

namespace thalweg {
namespace {

using dialects::Dialect;
using dialects::Key;

constexpr Key kBetas{.name = "betas", .option = "beta1", .second = "beta2"};

}  // namespace

const Dialect& dialects::torch() {
  // thalweg's defaults are PyTorch's, so none stands here.
  static const std::vector<Key> adam{
      {"lr"}, kBetas, {"eps"}, {"amsgrad"}, {"weight_decay"}, {"decoupled_weight_decay"}, {"maximize"}};
  static const Dialect dialect{
      .name = "torch",
      .step_count = StepCount::per_parameter,
      .optimizers =
          {{.name = "SGD",
            .rule = "sgd",
            .keys = {{"lr"}, {"momentum"}, {"dampening"}, {"nesterov"}, {"weight_decay"}, {"maximize"}}},
           {.name = "RMSprop",
            .rule = "rmsprop",
            .keys = {{"lr"}, {"alpha"}, {"eps"}, {"momentum"}, {"centered"}, {"weight_decay"}, {"maximize"}}},
           {.name = "Adagrad",
            .rule = "adagrad",
            .keys = {{"lr"}, {"lr_decay"}, {"eps"}, {"initial_accumulator_value"}, {"weight_decay"}, {"maximize"}}},
           {.name = "Adadelta", .rule = "adadelta", .keys = {{"lr"}, {"rho"}, {"eps"}, {"weight_decay"}, {"maximize"}}},
           {.name = "Adam", .rule = "adam", .keys = adam},
           {.name = "AdamW", .rule = "adamw", .keys = adam},
           {.name = "Adamax", .rule = "adamax", .keys = {{"lr"}, kBetas, {"eps"}, {"weight_decay"}, {"maximize"}}},
           {.name = "NAdam",
            .rule = "nadam",
            .keys = {{"lr"},
                     kBetas,
                     {"eps"},
                     {"momentum_decay"},
                     {"weight_decay"},
                     {"decoupled_weight_decay"},
                     {"maximize"}}},
           {.name = "RAdam",
            .rule = "radam",
            .keys = {{"lr"}, kBetas, {"eps"}, {"weight_decay"}, {"decoupled_weight_decay"}, {"maximize"}}},
           {.name = "Rprop",
            .rule = "rprop",
            .keys = {{"lr"},
                     {.name = "etas", .option = "eta_minus", .second = "eta_plus"},
                     {.name = "step_sizes", .option = "step_min", .second = "step_max"},
                     {"maximize"}}}},
      // PyTorch 1.13's RAdam differs from Adamax in having no `maximize`, SparseAdam in having no `weight_decay`.
      .marks = {{"SGD", {"dampening"}},
                {"RMSprop", {"alpha", "centered"}},
                {"Adagrad", {"lr_decay"}},
                {"Adadelta", {"rho"}, {"alpha"}},
                {"Rprop", {"etas"}},
                {"NAdam", {"momentum_decay"}},
                {"AdamW", {"amsgrad"}, {}, "decoupled_weight_decay"},
                {"Adam", {"amsgrad"}},
                {"RAdam", {"betas", "decoupled_weight_decay"}},
                {"Adamax", {"betas", "weight_decay", "maximize"}}},
      // From initial_lr on: what PyTorch's schedulers leave in a group; they act through lr and momentum.
      .passed_over = {"params", "param_names", "foreach", "fused", "capturable", "differentiable", "initial_lr",
                      "max_lr", "min_lr", "max_momentum", "base_momentum", "swa_lr"},
  };
  return dialect;
}

Translation from_torch(std::string_view json, std::string_view rule) {
  const json::Object config = dialects::parse(dialects::torch(), json);
  return dialects::read(dialects::torch(), dialects::choose(dialects::torch(), rule, config), rule, config);
}

dialects::Texts dialects::write_torch(const Optimizer& optimizer, const Options& options) {
  Texts texts = write(torch(), optimizer, options);
  if (options.rule().name == "sgd" && options.get("nesterov") != 0) {
    // PyTorch refuses both; without momentum there is nothing to look along.
    if (options.get("momentum") == 0) {
      for (auto& [key, text] : texts) text = key == "nesterov" ? "false" : text;
    } else if (options.get("dampening") != 0) {
      throw Error("sgd: nesterov = true with dampening has no counterpart in torch's SGD");
    }
  }
  return texts;
}

std::string to_torch(const Translation& translation) {
  const Options& options = translation.options;
  dialects::check_settings(dialects::torch(), translation.settings, /*expressed=*/false);
  if (translation.schedule) throw Error("the schedule has no counterpart in torch's param groups");
  return dialects::to_json(dialects::write_torch(dialects::optimizer_for(dialects::torch(), options), options));
}

}  // namespace thalweg
