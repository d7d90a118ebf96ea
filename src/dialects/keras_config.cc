// What the configurations of Keras 3 and Keras 2 have in common: what may be around them, clipping, schedules.
#include "dialects/keras_config.h"

#include "dialects/keras_schedule.h"
#include "naming.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace thalweg::inline v0_1::dialects {
namespace {

constexpr std::string_view kWhat = "keras options";

/// Calls `visit` with the value of the key, if it is there and not null.
template <class Visitor>
void if_given(const json::Object& config, std::string_view key, const Visitor& visit) {
  const auto member = config.find(key);
  if (member != config.end() && !member->second.is_null()) visit(member->second);
}

/// Loss scale, clipping and averages, which every `get_config()` has.
void read_settings(const json::Object& config, const std::string& prefix, Settings& settings) {
  const auto number = [&](std::string_view key, const auto& visit) {
    if_given(config, key, [&](const json::Value& value) { visit(value.number(prefix + std::string(key))); });
  };
  int clips = 0;
  const auto clip = [&](std::string_view key, ClipBy by) {
    number(key, [&](double limit) {
      ++clips;
      if (limit > 0) settings.clip = {.by = by, .limit = limit};  // Keras takes all others for none
    });
  };
  clip("clipnorm", ClipBy::norm);
  clip("global_clipnorm", ClipBy::global_norm);
  clip("clipvalue", ClipBy::value);
  if (clips > 1) throw Error(prefix + "only one of clipnorm, global_clipnorm and clipvalue may be given");
  number("loss_scale_factor", [&](double factor) { settings.loss_scale = factor; });
  bool use_ema = false;
  if_given(config, "use_ema", [&](const json::Value& value) { use_ema = value.boolean(prefix + "use_ema"); });
  if (use_ema) {
    settings.average.kind = AverageKind::ema;
    number("ema_momentum", [&](double momentum) { settings.average.decay = momentum; });
    if_given(config, "ema_overwrite_frequency", [&](const json::Value& value) {
      settings.average.overwrite_every = value.integer(prefix + "ema_overwrite_frequency");
    });
  }
  naming(prefix, [&] { check(settings); });
}

/// The optimizer that a default name says: `adam_w_3` is the third AdamW.
std::string_view named(const Dialect& dialect, const json::Object& config) {
  const auto member = config.find("name");
  if (member == config.end() || !member->second.is_string()) return {};
  std::string_view name = member->second.string("name");
  name = name.substr(0, name.find_last_not_of("_0123456789") + 1);
  const Optimizer* optimizer = find(dialect, name);
  return optimizer == nullptr ? std::string_view() : optimizer->name;
}

/// The part of a model's configuration under which its optimizer stands; nothing if it is none.
std::optional<std::string_view> optimizer_key(const json::Object& object) {
  for (const std::string_view key : {"training_config", "compile_config", "optimizer_config", "optimizer"}) {
    const auto part = object.find(key);
    if (part == object.end() || (!part->second.is_object() && !part->second.is_string())) continue;
    // A loss scale's optimizer is no model's.
    if (key != "optimizer" || !object.contains("initial_scale")) return key;
  }
  return {};
}

/// Optimizers around another one.
void refuse_wrapper(const json::Object& config, std::string_view class_name) {
  for (const char* key : {"inner_optimizer", "optimizer"}) {
    if (!config.contains(key)) continue;
    throw Error(std::string(kWhat) + ": " + (class_name.empty() ? "this" : shown(class_name)) +
                " scales the loss of another optimizer and has no formula of its own; give what stands under " +
                json::in_quotes(key) + ", and thalweg's dynamic_loss_scale for the rest");
  }
}

}  // namespace

KerasConfig keras_config(json::Object whole) {
  constexpr int kMostParts = 4;
  for (int part = 0; part < kMostParts; ++part) {
    const std::optional<std::string_view> key = optimizer_key(whole);
    if (!key) break;
    const json::Value inside = whole.find(*key)->second;
    if (inside.is_string()) return {.class_name = inside.string(*key), .module = {}, .config = {}};
    whole = inside.object(*key);
  }
  if (!whole.contains("class_name")) {
    refuse_wrapper(whole, {});
    return {.class_name = {}, .module = {}, .config = std::move(whole)};
  }
  const json::Value serialized(whole);
  const auto [class_name, config] = read_keras_object(serialized, std::string(kWhat));
  refuse_wrapper(config, class_name);
  KerasConfig result{.class_name = class_name, .module = {}, .config = config};
  if_given(whole, "module", [&](const json::Value& module) { result.module = module.string("keras options: module"); });
  return result;
}

bool is_keras2(const KerasConfig& given, std::string_view name) {
  const auto says = [](std::string_view module) {
    return module.find("legacy") != std::string_view::npos || module.find("optimizer_v2") != std::string_view::npos;
  };
  if (says(given.module) || (name.find('.') != std::string_view::npos && says(name))) return true;
  const auto legacy = given.config.find("is_legacy_optimizer");
  if (legacy != given.config.end()) return legacy->second == json::Value(true);
  return given.config.contains("decay") || given.config.contains("schedule_decay");
}

const Optimizer& choose_keras(const Dialect& dialect, const KerasConfig& given, std::string_view told) {
  const std::string_view name = bare_name(dialect, told);
  if (given.class_name.empty())
    return choose(dialect, name.empty() ? named(dialect, given.config) : name, given.config);
  const Optimizer& optimizer = choose(dialect, bare_name(dialect, given.class_name), given.config);
  if (!name.empty() && plain(name) != optimizer.rule && plain(name) != plain(optimizer.name) &&
      plain(name) != "amsgrad") {
    throw Error(std::string(kWhat) + ": class_name = " + json::in_quotes(given.class_name) + " contradicts the rule '" +
                std::string(name) + "'");
  }
  return optimizer;
}

Translation read_keras(const Dialect& dialect, const Optimizer& optimizer, std::string_view told, json::Object config) {
  const std::string prefix = dialects::prefix(dialect, optimizer);
  std::optional<Schedule> schedule;
  if (const auto lr = config.find("learning_rate"); lr != config.end() && lr->second.is_object()) {
    const RateSchedule read = schedule_from_keras(lr->second, prefix + "learning_rate");
    schedule = read.schedule;
    lr->second = read.lr;
  }
  Translation result = dialects::read(dialect, optimizer, bare_name(dialect, told), config);
  read_settings(config, prefix, result.settings);
  result.schedule = std::move(schedule);
  return result;
}

}  // namespace thalweg::inline v0_1::dialects
