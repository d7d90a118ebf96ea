// TensorFlow's raw operations, which TensorFlow 1's optimizers call, as of 2.21.
#include "dialects/dialect.h"

namespace thalweg::inline v0_1 {
namespace {

using dialects::Dialect;
using dialects::Key;

constexpr Key kLr{.name = "lr", .required = true};
constexpr Key kMomentum{.name = "momentum", .required = true};
constexpr Key kEpsilon{.name = "epsilon", .option = "eps", .required = true};
constexpr Key kNesterov{"use_nesterov", "nesterov", 0};
constexpr Key kBeta1{"beta1", {}, 0.9};
constexpr Key kBeta2{"beta2", {}, 0.999};
constexpr Key kAdamLr{"lr", {}, 1e-3};
constexpr Key kAccumulator{"accum0", "initial_accumulator_value", 0.1};

}  // namespace

const Dialect& dialects::tf1() {
  static const std::vector<Key> rmsprop{kLr,
                                        {"rho", "alpha", 0.9},
                                        {"momentum", {}, 0},
                                        {"epsilon", "eps", 1e-10},
                                        {"ms0", "initial_accumulator_value", 1}};
  static const Dialect dialect{
      .name = "tf1",
      .step_count = StepCount::shared,
      .optimizers =
          {{.name = "ResourceApplyGradientDescent",
            .rule = "sgd",
            .keys = {{.name = "alpha", .option = "lr", .required = true}}},
           {.name = "ResourceApplyMomentum",
            .rule = "sgd",
            .keys = {kLr, kMomentum, kNesterov},
            .slots = {{"accum0", "b"}}},
           {.name = "ResourceApplyKerasMomentum",
            .rule = "sgd",
            .keys = {kLr, kMomentum, kNesterov},
            .fixed = {{"lr_in_momentum", 1}},
            .slots = {{"accum0", "b", -1}}},
           {.name = "ResourceApplyRMSProp",
            .rule = "rmsprop",
            .keys = rmsprop,
            .fixed = {{"eps_inside", 1}, {"lr_in_momentum", 1}},
            .slots = {{"mom0", "b"}}},
           {.name = "ResourceApplyCenteredRMSProp",
            .rule = "rmsprop",
            .keys = rmsprop,
            .fixed = {{"eps_inside", 1}, {"lr_in_momentum", 1}, {"centered", 1}},
            .slots = {{"mom0", "b"}, {"mg0", "m"}}},
           {.name = "ResourceApplyAdagrad", .rule = "adagrad", .keys = {kLr, kAccumulator}, .fixed = {{"eps", 0}}},
           {.name = "ResourceApplyAdagradV2", .rule = "adagrad", .keys = {kLr, kEpsilon, kAccumulator}},
           {.name = "ResourceApplyAdadelta",
            .rule = "adadelta",
            .keys = {kAdamLr, {"rho", {}, 0.95}, {"epsilon", "eps", 1e-8}},
            .slots = {{"accum0", "v"}, {"accum_update0", "u"}}},
           {.name = "ResourceApplyAdam",
            .rule = "adam",
            .keys = {kAdamLr, kBeta1, kBeta2, {"epsilon", "eps", 1e-8}, kNesterov},
            .fixed = {{"eps_before_correction", 1}},
            .slots = {{"m0", "m"}, {"v0", "v"}}},
           {.name = "ResourceApplyAdamWithAmsgrad",
            .rule = "amsgrad",
            .keys = {kLr, kBeta1, kBeta2, kEpsilon},
            .fixed = {{"eps_before_correction", 1}},
            .slots = {{"m0", "m"}, {"v0", "v"}, {"vhat0", "x"}}},
           {.name = "ResourceApplyAdaMax",
            .rule = "adamax",
            .keys = {kLr, kBeta1, kBeta2, kEpsilon},
            .fixed = {{"eps_beside", 1}},
            .slots = {{"m0", "m"}, {"v0", "u"}}}},
      // Momentum and KerasMomentum have the same keys, and so have AdaMax and Adam without `use_nesterov`.
      .marks = {{"ResourceApplyGradientDescent", {"alpha"}},
                {"ResourceApplyCenteredRMSProp", {"mg0"}},
                {"ResourceApplyRMSProp", {"ms0"}},
                {"ResourceApplyRMSProp", {"rho", "momentum"}},
                {"ResourceApplyAdadelta", {"accum_update0"}},
                {"ResourceApplyAdamWithAmsgrad", {"vhat0"}},
                {"ResourceApplyAdam", {"beta1", "use_nesterov"}},
                {"ResourceApplyAdagradV2", {"accum0", "epsilon"}, {"rho"}},
                {"ResourceApplyAdagrad", {"accum0"}, {"momentum", "rho"}}},
      .only = {{"update_slots", true}},
      .passed_over = {"name", "use_locking"},
      .packages = {"tf", "tensorflow"},
  };
  return dialect;
}

Translation from_tf1(std::string_view json, std::string_view told) {
  const std::string_view op = dialects::bare_name(dialects::tf1(), told);
  const json::Object config = dialects::parse(dialects::tf1(), json);
  // The operations on TensorFlow 1's own variables compute the same.
  const std::string name = op.starts_with("Apply") ? "Resource" + std::string(op) : std::string(op);
  Translation result = dialects::read(dialects::tf1(), dialects::choose(dialects::tf1(), name, config), name, config);
  // TensorFlow's own look-ahead.
  Options& options = result.options;
  if (options.has("nesterov_same_step") && options.get("nesterov") != 0) options.set("nesterov_same_step", 1.0);
  return result;
}

}  // namespace thalweg::inline v0_1
