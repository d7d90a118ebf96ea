// Keras 3's optimizers, as of 3.15.
#include "dialects/dialect.h"

#include <thalweg/suggest.h>

#include <algorithm>

namespace thalweg {
namespace {

using dialects::Dialect;
using dialects::Fixed;
using dialects::Key;
using dialects::OnlyValue;

constexpr Key kDecay{.name = "weight_decay", .fallback = 0, .null_is_zero = true};
constexpr Key kEpsilon{"epsilon", "eps", 1e-7};
constexpr Key kBeta1{"beta_1", "beta1", 0.9};
constexpr Key kBeta2{"beta_2", "beta2", 0.999};
constexpr Key lr(double fallback) { return {"learning_rate", "lr", fallback}; }

constexpr Fixed kDecoupled{"decoupled_weight_decay", 1};

// What every `get_config()` has, as thalweg has it.
const std::vector<OnlyValue>& base_keys() {
  static const std::vector<OnlyValue> keys{{"clipnorm", nullptr},          {"global_clipnorm", nullptr},
                                           {"clipvalue", nullptr},         {"use_ema", false},
                                           {"loss_scale_factor", nullptr}, {"gradient_accumulation_steps", nullptr}};
  return keys;
}

std::vector<OnlyValue> with_legacy(std::vector<OnlyValue> keys) {
  keys.push_back({"decay", 0, "is Keras 2's decay of the learning rate, which has no counterpart"});
  keys.push_back({"is_legacy_optimizer", false, "has no counterpart"});
  return keys;
}

const Dialect& keras() {
  static const Dialect dialect{
      .name = "keras",
      .step_count = StepCount::shared,
      .optimizers =
          {{.name = "SGD",
            .rule = "sgd",
            .keys = {lr(1e-2), kDecay, {"momentum", {}, 0}, {"nesterov", {}, 0}},
            .fixed = {kDecoupled, {"lr_in_momentum", 1}}},
           {.name = "RMSprop",
            .rule = "rmsprop",
            .keys = {lr(1e-3), kDecay, {"rho", "alpha", 0.9}, {"momentum", {}, 0}, kEpsilon, {"centered", {}, 0}},
            .fixed = {kDecoupled, {"eps_inside", 1}, {"lr_in_momentum", 1}}},
           {.name = "Adagrad",
            .rule = "adagrad",
            .keys = {lr(1e-3), kDecay, {"initial_accumulator_value", {}, 0.1}, kEpsilon},
            .fixed = {kDecoupled, {"eps_inside", 1}}},
           {.name = "Adadelta",
            .rule = "adadelta",
            .keys = {lr(1e-3), kDecay, {"rho", {}, 0.95}, kEpsilon},
            .fixed = {kDecoupled}},
           {.name = "Adam",
            .rule = "adam",
            .keys = {lr(1e-3), kDecay, kBeta1, kBeta2, kEpsilon, {"amsgrad"}},
            .fixed = {kDecoupled, {"eps_before_correction", 1}}},
           {.name = "AdamW",
            .rule = "adamw",
            .keys = {lr(1e-3), {"weight_decay", {}, 4e-3}, kBeta1, kBeta2, kEpsilon, {"amsgrad"}},
            .fixed = {kDecoupled, {"eps_before_correction", 1}}},
           {.name = "Adamax",
            .rule = "adamax",
            .keys = {lr(1e-3), kDecay, kBeta1, kBeta2, kEpsilon},
            .fixed = {kDecoupled, {"eps_beside", 1}}},
           {.name = "Nadam",
            .rule = "nadam",
            .keys = {lr(1e-3), kDecay, kBeta1, kBeta2, kEpsilon},
            .fixed = {kDecoupled, {"momentum_decay", 1}}},
           {.name = "Lion",
            .rule = "lion",
            .keys = {lr(1e-3), kDecay, kBeta1, {"beta_2", "beta2", 0.99}},
            .fixed = {kDecoupled}}},
      // Without its name AdamW is the same as Adam, once the decay is given. Adamax and Nadam have the same keys.
      .marks = {{"RMSprop", {"rho", "momentum"}},
                {"RMSprop", {"rho", "centered"}},
                {"Adadelta", {"rho", "epsilon", "weight_decay"}},
                {"Adagrad", {"initial_accumulator_value"}},
                {"Adam", {"amsgrad", "weight_decay"}},
                {"SGD", {"momentum", "nesterov"}},
                {"Lion", {"beta_1", "beta_2", "weight_decay"}, {"epsilon"}}},
      .only = with_legacy(base_keys()),
      .passed_over = {"name", "jit_compile", "ema_momentum", "ema_overwrite_frequency"},
  };
  return dialect;
}

/// The optimizer that a default name says: `adam_w_3` is the third AdamW.
std::string_view named(const json::Object& config) {
  const auto member = config.find("name");
  if (member == config.end() || !member->second.is_string()) return {};
  std::string_view name = member->second.string("name");
  name = name.substr(0, name.find_last_not_of("_0123456789") + 1);
  const dialects::Optimizer* optimizer = dialects::find(keras(), name);
  return optimizer == nullptr ? std::string_view() : optimizer->name;
}

/// From {"class_name": …, "config": …}.
Translation from_serialized(const json::Object& outer, std::string_view rule) {
  constexpr std::string_view kWhat = "keras options";
  const json::Value whole(outer);
  static const std::vector<std::string> known{"class_name",   "config",         "module",          "registered_name",
                                              "build_config", "compile_config", "shared_object_id"};
  for (const auto& [key, value] : outer) {
    if (std::ranges::find(known, key) == known.end()) {
      throw Error(std::string(kWhat) + ": unknown key '" + key + "'" + suggest(key, known));
    }
  }
  const std::string& class_name = whole.at("class_name", kWhat).string("keras options: class_name");
  const json::Object& config = whole.at("config", kWhat).object("keras options: config");
  const dialects::Optimizer& optimizer = dialects::choose(keras(), class_name, config);
  if (!rule.empty() && dialects::plain(rule) != optimizer.rule && dialects::plain(rule) != "amsgrad") {
    throw Error("keras options: class_name = " + json::in_quotes(class_name) + " contradicts the rule '" +
                std::string(rule) + "'");
  }
  return dialects::read(keras(), optimizer, rule, config);
}

}  // namespace

const Dialect& dialects::keras_dialect() { return keras(); }

Translation from_keras(std::string_view json, std::string_view rule) {
  const json::Object config = dialects::parse(keras(), json);
  if (config.contains("class_name")) return from_serialized(config, rule);
  return dialects::read(keras(), dialects::choose(keras(), rule.empty() ? named(config) : rule, config), rule, config);
}

std::string to_keras(const Options& options) {
  const dialects::Optimizer& optimizer = dialects::optimizer_for(keras(), options);
  dialects::Texts texts = dialects::write(keras(), optimizer, options);
  texts.emplace_back("name", json::in_quotes(optimizer.name));
  for (const OnlyValue& only : base_keys()) texts.emplace_back(only.key, json::to_string(only.value));
  return dialects::to_json(texts);
}

}  // namespace thalweg
