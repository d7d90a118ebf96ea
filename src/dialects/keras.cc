// Keras 3's optimizers, as of 3.15, and those of Keras 2 from 2.11 on that are not legacy.
#include "dialects/dialect.h"
#include "dialects/keras_config.h"
#include "dialects/keras_schedule.h"

namespace thalweg::inline v0_1 {
namespace {

using dialects::Dialect;
using dialects::Fixed;
using dialects::Key;

constexpr Key kDecay{.name = "weight_decay", .fallback = 0, .null = 0};
constexpr Key kEpsilon{"epsilon", "eps", 1e-7};
constexpr Key kBeta1{"beta_1", "beta1", 0.9};
constexpr Key kBeta2{"beta_2", "beta2", 0.999};
constexpr Key lr(double fallback) { return {"learning_rate", "lr", fallback}; }

constexpr Fixed kDecoupled{"decoupled_weight_decay", 1};

}  // namespace

const Dialect& dialects::keras() {
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
            .fixed = {kDecoupled}},
           {.name = "Lamb",
            .rule = "lamb",
            .keys = {lr(1e-3), kDecay, kBeta1, kBeta2, kEpsilon},
            .fixed = {kDecoupled}},
           // min(η, 1/√t) is taken whatever relative_step says.
           {.name = "Adafactor",
            .rule = "adafactor",
            .keys = {lr(1e-3),
                     kDecay,
                     {"beta_2_decay", "beta2_decay"},
                     {"epsilon_1", "eps1", 1e-30},
                     {"epsilon_2", "eps2"},
                     {.name = "clip_threshold", .positive = true}},
            .fixed = {{"eps_inside", 1}, {"decay_first", 1}},
            .passed_over = {"relative_step"}}},
      // Without its name AdamW is the same as Adam, once the decay is given. Adamax, Nadam and Lamb have the same keys.
      .marks = {{"RMSprop", {"rho", "momentum"}},
                {"RMSprop", {"rho", "centered"}},
                {"Adadelta", {"rho", "epsilon", "weight_decay"}},
                {"Adagrad", {"initial_accumulator_value"}},
                {"Adafactor", {"beta_2_decay"}},
                {"Adam", {"amsgrad", "weight_decay"}},
                {"SGD", {"momentum", "nesterov"}},
                {"Lion", {"beta_1", "beta_2", "weight_decay"}, {"epsilon"}}},
      .only = {{"gradient_accumulation_steps", nullptr},
               {"decay", 0, "is of the legacy optimizers, and is_legacy_optimizer is false"},
               {"is_legacy_optimizer", false}},
      // From clipnorm on: read by read_keras.
      .passed_over = {"name", "jit_compile", "clipnorm", "global_clipnorm", "clipvalue", "loss_scale_factor", "use_ema",
                      "ema_momentum", "ema_overwrite_frequency"},
      .packages = {"keras", "tf_keras", "tensorflow", "tf"},
  };
  return dialect;
}

namespace {

/// The texts of what surrounds the rule, as `read_keras` reads it.
dialects::Texts settings_texts(const Settings& settings) {
  const auto clip = [&](ClipBy by) {
    return json::to_string(settings.clip.by == by ? json::Value(settings.clip.limit) : json::Value());
  };
  const Average& average = settings.average;
  const auto fail = [](const std::string& what) { throw Error(what + " has no counterpart in keras"); };
  if (settings.clip.by != ClipBy::none && settings.clip.eps != 0) fail("eps of clipping");
  if (average.kind == AverageKind::mean) fail("the plain mean as average");
  const bool ema = average.kind == AverageKind::ema;
  if (ema && average.bias_correction) fail("bias correction of the average");
  if (ema && (average.start != 1 || average.every != 1)) fail("an average that is not taken after every step");
  dialects::Texts texts{{"clipnorm", clip(ClipBy::norm)},
                        {"global_clipnorm", clip(ClipBy::global_norm)},
                        {"clipvalue", clip(ClipBy::value)},
                        {"loss_scale_factor",
                         json::to_string(settings.loss_scale == 1 ? json::Value() : json::Value(settings.loss_scale))},
                        {"gradient_accumulation_steps", "null"},
                        {"use_ema", ema ? "true" : "false"}};
  if (ema) {
    texts.emplace_back("ema_momentum", json::to_string(average.decay));
    texts.emplace_back(
        "ema_overwrite_frequency",
        json::to_string(average.overwrite_every > 0 ? json::Value(average.overwrite_every) : json::Value()));
  }
  return texts;
}

}  // namespace

Translation from_keras(std::string_view json, std::string_view rule) {
  const Dialect& keras = dialects::keras();
  const dialects::KerasConfig given = dialects::keras_config(dialects::parse(keras, json));
  if (dialects::is_keras2(given, rule)) return dialects::read_keras2(given, rule);
  return dialects::read_keras(keras, dialects::choose_keras(keras, given, rule), rule, given.config);
}

std::string to_keras(const Description& description) {
  if (!description.groups.empty()) throw Error("groups of parameters have no counterpart in keras' optimizers");
  const Options& options = description.options;
  const dialects::Optimizer& optimizer = dialects::optimizer_for(dialects::keras(), options);
  dialects::Texts texts = dialects::write(dialects::keras(), optimizer, options);
  dialects::check_settings(dialects::keras(), description.settings, /*expressed=*/true);
  for (auto& [key, text] : texts) {
    if (key == "learning_rate" && description.schedule) {
      text = json::to_string(dialects::schedule_to_keras({options.get("lr"), *description.schedule}));
    }
  }
  texts.emplace_back("name", json::in_quotes(optimizer.name));
  const dialects::Texts settings = settings_texts(description.settings);
  texts.insert(texts.end(), settings.begin(), settings.end());
  return dialects::to_json(texts);
}

}  // namespace thalweg::inline v0_1
