// Keras' serialized objects as JSON, learning-rate schedules among them.
#include "dialects/keras_schedule.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <variant>
#include <vector>

namespace thalweg::dialects {
namespace {

// Keras' keys of each schedule. `key(name, member)` may be missing, `needed(name, member)` may not.

template <class Keys>
void describe(const Keys& keys, ExponentialDecay& decay) {
  keys.needed("initial_learning_rate", decay.initial);
  keys.needed("decay_steps", decay.decay_steps);
  keys.needed("decay_rate", decay.decay_rate);
  keys.key("staircase", decay.staircase);
}

template <class Keys>
void describe(const Keys& keys, PiecewiseConstantDecay& decay) {
  keys.needed("boundaries", decay.boundaries);
  keys.needed("values", decay.values);
}

template <class Keys>
void describe(const Keys& keys, PolynomialDecay& decay) {
  keys.needed("initial_learning_rate", decay.initial);
  keys.needed("decay_steps", decay.decay_steps);
  keys.key("end_learning_rate", decay.end);
  keys.key("power", decay.power);
  keys.key("cycle", decay.cycle);
}

template <class Keys>
void describe(const Keys& keys, InverseTimeDecay& decay) {
  keys.needed("initial_learning_rate", decay.initial);
  keys.needed("decay_steps", decay.decay_steps);
  keys.needed("decay_rate", decay.decay_rate);
  keys.key("staircase", decay.staircase);
}

template <class Keys>
void describe(const Keys& keys, CosineDecay& decay) {
  keys.needed("initial_learning_rate", decay.initial);
  keys.needed("decay_steps", decay.decay_steps);
  keys.key("alpha", decay.alpha);
  keys.key("warmup_target", decay.warmup_target);
  keys.key("warmup_steps", decay.warmup_steps);
}

template <class Keys>
void describe(const Keys& keys, CosineDecayRestarts& decay) {
  keys.needed("initial_learning_rate", decay.initial);
  keys.needed("first_decay_steps", decay.first_decay_steps);
  keys.key("t_mul", decay.t_mul);
  keys.key("m_mul", decay.m_mul);
  keys.key("alpha", decay.alpha);
}

std::string_view class_of(const ExponentialDecay&) { return "ExponentialDecay"; }
std::string_view class_of(const PiecewiseConstantDecay&) { return "PiecewiseConstantDecay"; }
std::string_view class_of(const PolynomialDecay&) { return "PolynomialDecay"; }
std::string_view class_of(const InverseTimeDecay&) { return "InverseTimeDecay"; }
std::string_view class_of(const CosineDecay&) { return "CosineDecay"; }
std::string_view class_of(const CosineDecayRestarts&) { return "CosineDecayRestarts"; }

void get(const json::Value& value, const std::string& what, double& to) { to = value.number(what); }
void get(const json::Value& value, const std::string& what, bool& to) { to = value.boolean(what); }
void get(const json::Value& value, const std::string& what, std::optional<double>& to) {
  if (!value.is_null()) to = value.number(what);
}
void get(const json::Value& value, const std::string& what, std::vector<double>& to) {
  for (const json::Value& number : value.array(what)) to.push_back(number.number(what));
}

json::Value to_json(double value) { return value; }
json::Value to_json(bool value) { return value; }
json::Value to_json(const std::optional<double>& value) { return value ? json::Value(*value) : json::Value(); }
json::Value to_json(const std::vector<double>& values) { return json::Array(values.begin(), values.end()); }

/// Reads the keys, and knows afterwards which there may be.
struct Reading {
  const json::Object& config;
  const std::string& what;
  std::set<std::string, std::less<>>& known;

  template <class Member>
  void key(std::string_view name, Member& member) const {
    known.emplace(name);
    const auto found = config.find(name);
    if (found != config.end()) get(found->second, what + ": " + std::string(name), member);
  }
  template <class Member>
  void needed(std::string_view name, Member& member) const {
    key(name, member);
    if (!config.contains(name)) throw Error(what + ": " + std::string(name) + " is missing, and has no default");
  }
};

struct Writing {
  json::Object& config;

  template <class Member>
  void key(std::string_view name, const Member& member) const {
    config.emplace(name, to_json(member));
  }
  template <class Member>
  void needed(std::string_view name, const Member& member) const {
    key(name, member);
  }
};

/// The schedule of this class, read; nothing if it is called otherwise.
template <class Decay>
std::optional<Schedule> read_as(std::string_view class_name, const json::Object& config, const std::string& what,
                                std::vector<std::string>& classes) {
  Decay decay;
  classes.emplace_back(class_of(decay));
  if (class_name != class_of(decay)) return {};
  std::set<std::string, std::less<>> known{"name"};
  const std::string inside = what + ": " + std::string(class_name);
  describe(Reading{config, inside, known}, decay);
  for (const auto& [key, value] : config) {
    if (known.contains(key)) continue;
    throw Error(inside + ": unknown key '" + key + "'" +
                suggest(key, std::vector<std::string>(known.begin(), known.end())));
  }
  try {
    return Schedule(decay);
  } catch (const Error& error) {
    throw Error(inside + ": " + error.what());
  }
}

template <class... Decays>
Schedule read_one_of(std::variant<Decays...>*, std::string_view class_name, const json::Object& config,
                     const std::string& what) {
  std::vector<std::string> classes;
  std::optional<Schedule> result;
  ((result = result ? result : read_as<Decays>(class_name, config, what, classes)), ...);
  if (result) return *std::move(result);
  throw Error(what + ": '" + std::string(class_name) + "' is no schedule with a counterpart" +
              suggest(class_name, classes));
}

}  // namespace

KerasObject read_keras_object(const json::Value& json, const std::string& what) {
  static const std::vector<std::string> known{"class_name",   "config",         "module",          "registered_name",
                                              "build_config", "compile_config", "shared_object_id"};
  for (const auto& [key, value] : json.object(what)) {
    if (std::ranges::find(known, key) == known.end()) {
      throw Error(what + ": unknown key '" + key + "'" + suggest(key, known));
    }
  }
  return {json.at("class_name", what).string(what + ": class_name"), json.at("config", what).object(what + ": config")};
}

Schedule schedule_from_keras(const json::Value& json, const std::string& what) {
  const auto [class_name, config] = read_keras_object(json, what);
  return read_one_of(static_cast<Schedule::Kind*>(nullptr), class_name, config, what);
}

json::Value schedule_to_keras(const Schedule& schedule) {
  Schedule::Kind kind = schedule.kind();
  return std::visit(
      [](auto& decay) {
        json::Object config;
        describe(Writing{config}, decay);
        return json::Value(json::Object{{"module", "keras.optimizers.schedules"},
                                        {"class_name", class_of(decay)},
                                        {"config", config},
                                        {"registered_name", nullptr}});
      },
      kind);
}

}  // namespace thalweg::dialects
