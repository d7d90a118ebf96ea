// Optax' functions, as of 0.2.8.
#include "dialects/dialect.h"

namespace thalweg::inline v0_1 {
namespace {

using dialects::Dialect;
using dialects::Fixed;
using dialects::Key;

// Optax' default of None leaves the sign of the step as it is: it would ascend.
constexpr Key kLr{.name = "learning_rate", .option = "lr", .required = true};
constexpr Key kB1{"b1", "beta1", 0.9};
constexpr Key kB2{"b2", "beta2", 0.999};
constexpr Key kEps{"eps", {}, 1e-8};
constexpr Key kEpsRoot{"eps_root", {}, 0};
constexpr Key kMomentum{.name = "momentum", .fallback = 0, .null = 0};
constexpr Key kNesterov{"nesterov", {}, 0};
constexpr Key decay(double fallback) { return {"weight_decay", {}, fallback}; }

constexpr Fixed kDecoupled{"decoupled_weight_decay", 1};

constexpr std::string_view kMasked =
    "has no counterpart; give the parameters that it leaves out a group of their own, with weight_decay = 0";

/// Adafactor's momentum may be kept in another type than the parameters.
void check_momentum_type(const json::Object& config) {
  const auto type = config.find("dtype_momentum");
  if (type == config.end() || type->second == json::Value("float32") || type->second == json::Value("float64")) return;
  throw Error("optax adafactor: dtype_momentum = " + json::to_string(type->second) +
              " has no counterpart: the momentum is of the parameter's type; allowed are \"float32\" and \"float64\"");
}

}  // namespace

const Dialect& dialects::optax() {
  static const OnlyValue looks_ahead{"nesterov", true};
  static const Dialect dialect{
      .name = "optax",
      .step_count = StepCount::shared,
      .optimizers =
          {{.name = "sgd", .rule = "sgd", .keys = {kLr, kMomentum, kNesterov}},
           {.name = "rmsprop",
            .rule = "rmsprop",
            .keys = {kLr,
                     {"decay", "alpha", 0.9},
                     kEps,
                     {"initial_scale", "initial_accumulator_value", 0},
                     {"eps_in_sqrt", "eps_inside", 1},
                     {"centered", {}, 0},
                     kMomentum,
                     kNesterov,
                     {"bias_correction", {}, 0}},
            .fixed = {{"lr_in_momentum", 1}}},
           {.name = "adagrad",
            .rule = "adagrad",
            .keys = {kLr, {"initial_accumulator_value", {}, 0.1}, {"eps", {}, 1e-7}},
            .fixed = {{"eps_inside", 1}}},
           {.name = "adadelta", .rule = "adadelta", .keys = {kLr, {"rho", {}, 0.9}, {"eps", {}, 1e-6}, decay(0)}},
           {.name = "adam", .rule = "adam", .keys = {kLr, kB1, kB2, kEps, kEpsRoot, kNesterov}, .fixed = {kDecoupled}},
           {.name = "adamw",
            .rule = "adamw",
            .keys = {kLr, kB1, kB2, kEps, kEpsRoot, decay(1e-4), kNesterov},
            .fixed = {kDecoupled}},
           {.name = "nadam",
            .rule = "nadam",
            .keys = {kLr, kB1, kB2, kEps, kEpsRoot},
            .fixed = {kDecoupled, {"momentum_schedule", 0}},
            .only = {looks_ahead}},
           {.name = "nadamw",
            .rule = "nadam",
            .keys = {kLr, kB1, kB2, kEps, kEpsRoot, decay(1e-4)},
            .fixed = {kDecoupled, {"momentum_schedule", 0}},
            .only = {looks_ahead}},
           {.name = "amsgrad",
            .rule = "amsgrad",
            .keys = {kLr,
                     kB1,
                     kB2,
                     kEps,
                     kEpsRoot,
                     {"bias_correction_mu", "correct_mean", 1},
                     {"bias_correction_nu", "correct_spread", 1}},
            .fixed = {{"maximum_of_corrected", 1}}},
           {.name = "adamax", .rule = "adamax", .keys = {kLr, kB1, kB2, kEps}, .fixed = {kDecoupled}},
           {.name = "adamaxw", .rule = "adamax", .keys = {kLr, kB1, kB2, kEps, decay(1e-4)}, .fixed = {kDecoupled}},
           {.name = "radam",
            .rule = "radam",
            .keys = {kLr, kB1, kB2, kEps, kEpsRoot, {"threshold", {}, 5}, kNesterov},
            .fixed = {{"threshold_inclusive", 1}, {"eps_before_correction", 0}}},
           {.name = "lion",
            .rule = "lion",
            .keys = {kLr, kB1, {"b2", "beta2", 0.99}, decay(1e-3)},
            .fixed = {kDecoupled}},
           {.name = "lamb", .rule = "lamb", .keys = {kLr, kB1, kB2, {"eps", {}, 1e-6}, kEpsRoot, decay(0)}},
           {.name = "lars",
            .rule = "lars",
            .keys = {kLr, decay(0), {"trust_coefficient"}, {"eps", {}, 0}, {"momentum", {}, 0.9}, kNesterov},
            .fixed = {{"always_adapt", 1}, {"norm_of_sum", 1}, {"lr_in_momentum", 1}},
            .only = {{"weight_decay_mask", true, kMasked},
                     {"trust_ratio_mask", true,
                      "has no counterpart; give the parameters that it leaves out a group of their own, of the rule "
                      "sgd with lr_in_momentum"}}},
           {.name = "adafactor",
            .rule = "adafactor",
            .keys = {{.name = "learning_rate",
                      .option = "lr",
                      .fallback = 1,
                      .null = 1,
                      .note = "`learning_rate` = None, which is 1"},
                     {.name = "min_dim_size_to_factor", .fallback = 128, .whole = true},
                     {.name = "decay_rate", .option = "beta2_decay", .factor = -1, .note = "−`decay_rate` = −0.8"},
                     {.name = "decay_offset", .whole = true},
                     {"multiply_by_parameter_scale", "scale_parameter"},
                     {.name = "clipping_threshold", .option = "clip_threshold", .null = 0, .positive = true},
                     kMomentum,
                     {.name = "weight_decay_rate", .option = "weight_decay", .null = 0},
                     {"eps", "eps1", 1e-30},
                     {"factored"}},
            .fixed = {{"eps_inside", 1}, {"decay_without_lr", 1}, {"relative_step", 0}},
            .passed_over = {"dtype_momentum"}}},
      .marks = {},
      .only = {{"mu_dtype", nullptr},
               {"accumulator_dtype", nullptr},
               {"mask", nullptr, kMasked},
               {"weight_decay_mask", nullptr, kMasked}},
      .passed_over = {},
      .refused = {{"rprop",
                   "of 0.2.8 applies the update of the step before (pull request 1725), which is not imitated; "
                   "thalweg's rule rprop with clamp_always=false is what it means to compute"}},
      .packages = {"optax"},
  };
  return dialect;
}

Translation from_optax(std::string_view name, std::string_view json) {
  const json::Object config = dialects::parse(dialects::optax(), json);
  std::string function = dialects::plain(dialects::bare_name(dialects::optax(), name));
  // Nadam without its look-ahead is Adam.
  const auto nesterov = config.find("nesterov");
  const bool looks_ahead = nesterov == config.end() || nesterov->second != json::Value(false);
  if (function.starts_with("nadam") && !looks_ahead) function.erase(0, 1);
  const dialects::Optimizer& optimizer = dialects::choose(dialects::optax(), function, config);
  if (optimizer.name == "adafactor") check_momentum_type(config);
  return dialects::read(dialects::optax(), optimizer, function, config);
}

}  // namespace thalweg::inline v0_1
