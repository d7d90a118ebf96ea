// Keras 2's optimizers up to 2.10, which later versions keep as `legacy`: OptimizerV2 and what was before it.
#include "dialects/dialect.h"
#include "dialects/keras_config.h"
#include "text.h"

#include <utility>

namespace thalweg::inline v0_1 {
namespace {

using dialects::Dialect;
using dialects::Key;

constexpr double kDefaultEpsilon = 1e-7;  // keras.backend.epsilon()

constexpr Key kEpsilon{"epsilon", "eps", kDefaultEpsilon};
constexpr Key kBeta1{"beta_1", "beta1", 0.9};
constexpr Key kBeta2{"beta_2", "beta2", 0.999};
constexpr Key lr(double fallback) { return {"learning_rate", "lr", fallback}; }

}  // namespace

const Dialect& dialects::keras2() {
  static const Dialect dialect{
      .name = "keras2",
      .step_count = StepCount::shared,
      .optimizers = {{.name = "SGD",
                      .rule = "sgd",
                      .keys = {lr(1e-2), {"momentum", {}, 0}, {"nesterov", {}, 0}},
                      .fixed = {{"lr_in_momentum", 1}}},
                     // With momentum this is TensorFlow's operation, which has ε inside the root; without it is written
                     // in Python, where it is outside: see set_place_of_epsilon.
                     {.name = "RMSprop",
                      .rule = "rmsprop",
                      .keys = {lr(1e-3), {"rho", "alpha", 0.9}, {"momentum", {}, 0}, kEpsilon, {"centered", {}, 0}},
                      .fixed = {{"lr_in_momentum", 1}}},
                     {.name = "Adagrad",
                      .rule = "adagrad",
                      .keys = {lr(1e-3), {"initial_accumulator_value", {}, 0.1}, kEpsilon}},
                     {.name = "Adadelta", .rule = "adadelta", .keys = {lr(1e-3), {"rho", {}, 0.95}, kEpsilon}},
                     {.name = "Adam",
                      .rule = "adam",
                      .keys = {lr(1e-3), kBeta1, kBeta2, kEpsilon, {"amsgrad"}},
                      .fixed = {{"eps_before_correction", 1}}},
                     {.name = "Adamax",
                      .rule = "adamax",
                      .keys = {lr(1e-3), kBeta1, kBeta2, kEpsilon},
                      .fixed = {{"eps_beside", 1}}},
                     {.name = "Nadam",
                      .rule = "nadam",
                      .keys = {lr(1e-3), kBeta1, kBeta2, kEpsilon, {"decay", "momentum_decay", 0.004}}}},
      // Adamax and Nadam have the same keys, and so had Adadelta and an RMSprop that had `lr` instead.
      .marks = {{"RMSprop", {"rho", "momentum"}},
                {"RMSprop", {"rho", "centered"}},
                {"Adadelta", {"rho", "epsilon", "learning_rate"}},
                {"Adagrad", {"initial_accumulator_value"}},
                {"Adam", {"amsgrad"}},
                {"SGD", {"momentum", "nesterov"}},
                {"Nadam", {"schedule_decay"}}},
      .only = {{"is_legacy_optimizer", true, "is of Keras 2.11 and later, where there is no decay"}},
      .passed_over = {"name", "decay", "lr", "schedule_decay", "clipnorm", "global_clipnorm", "clipvalue"},
      .refused = {{"Ftrl", "has no counterpart"}},
      .packages = {"keras", "tf_keras", "tensorflow", "tf"},
  };
  return dialect;
}

namespace {

/// Gives the value a new key, in place of an older one.
void rename(json::Object& config, const std::string& prefix, const char* older, const char* newer) {
  auto node = config.extract(older);
  if (!node) return;
  if (config.contains(newer)) throw Error(prefix + older + " and " + newer + " are the same; give one of them");
  node.key() = newer;
  config.insert(std::move(node));
}

/// Keys that no configuration has beside `decay`.
void refuse_keys_of_keras3(const json::Object& config, const std::string& prefix) {
  for (const char* key : {"weight_decay", "use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor",
                          "gradient_accumulation_steps"}) {
    if (!config.contains(key)) continue;
    throw Error(prefix + "this is a configuration of Keras 2 (up to 2.10, or legacy), and " + key +
                " is a key of Keras 3 or 2.11; no version has both");
  }
}

/// The rate's decay: η / (1 + decay · steps before).
std::optional<Schedule> inverse_time_decay(const json::Object& config, const std::string& prefix) {
  const auto member = config.find("decay");
  if (member == config.end()) return {};
  const double decay = member->second.number(prefix + "decay");
  if (const Range allowed = at_least(0); !allowed.contains(decay)) {
    throw Error(prefix + "decay = " + to_text(decay) + " is outside " + allowed.text());
  }
  if (decay == 0) return {};
  return Schedule(schedule::InverseTime{.rate = decay});
}

/// Keras 2 clips by 0 and less where Keras 3 does not clip.
void check_clips(const json::Object& config, const std::string& prefix) {
  for (const char* key : {"clipnorm", "global_clipnorm", "clipvalue"}) {
    const auto member = config.find(key);
    if (member == config.end() || member->second.is_null()) continue;
    const double limit = member->second.number(prefix + key);
    if (!(limit > 0)) throw Error(prefix + key + " = " + to_text(limit) + " is outside (0, ∞)");
  }
}

Translation read(const dialects::Optimizer& optimizer, std::string_view told, json::Object config) {
  const std::string prefix = dialects::prefix(dialects::keras2(), optimizer);
  refuse_keys_of_keras3(config, prefix);
  const bool is_before_v2 = config.contains("lr");
  rename(config, prefix, "lr", "learning_rate");
  if (optimizer.name == "Nadam") rename(config, prefix, "schedule_decay", "decay");
  if (optimizer.name == "Adagrad" && is_before_v2 && !config.contains("initial_accumulator_value")) {
    throw Error(prefix +
                "with lr and without initial_accumulator_value it may begin at 0, as Keras before 2.3, or at "
                "0.1, as after it; give initial_accumulator_value");
  }
  // "epsilon or backend.epsilon()", it says there.
  if (const auto epsilon = config.find("epsilon"); epsilon != config.end()) {
    if (epsilon->second.is_null() || epsilon->second == json::Value(0) || epsilon->second == json::Value(0.0)) {
      epsilon->second = kDefaultEpsilon;
    }
  }
  check_clips(config, prefix);
  Translation result = dialects::read_keras(dialects::keras2(), optimizer, told, config);
  dialects::set_place_of_epsilon(result.options);
  if (optimizer.name == "Nadam") {
    if (result.schedule) throw Error(prefix + "learning_rate is a schedule, which Keras 2's Nadam does not take");
    return result;
  }
  const std::optional<Schedule> decay = inverse_time_decay(config, prefix);
  if (!decay) return result;
  if (result.schedule) throw Error(prefix + "a schedule as learning_rate together with decay has no counterpart");
  result.schedule = decay;
  return result;
}

}  // namespace

void dialects::set_place_of_epsilon(Options& options) {
  if (options.rule().name == "rmsprop") options.set("eps_inside", options.get("momentum") > 0 ? 1.0 : 0.0);
}

Translation dialects::read_keras2(const KerasConfig& given, std::string_view rule) {
  return thalweg::read(choose_keras(keras2(), given, rule), rule, given.config);
}

Translation from_keras2(std::string_view json, std::string_view rule) {
  return dialects::read_keras2(dialects::keras_config(dialects::parse(dialects::keras2(), json)), rule);
}

}  // namespace thalweg::inline v0_1
