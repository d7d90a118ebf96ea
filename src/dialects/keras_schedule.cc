// Keras' serialized objects as JSON, learning-rate schedules among them.
#include "dialects/keras_schedule.h"

#include "dialects/dialect.h"
#include "naming.h"
#include "text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>
#include <variant>
#include <vector>

namespace thalweg::inline v0_1::dialects {
namespace {

// Keras' schedules as it has them, in rates; their formulas in thalweg's words stand in thalweg/schedule.h.

struct ExponentialDecay {
  double initial = 0.1, decay_steps = 1, decay_rate = 1;
  bool staircase = false;
};
struct PiecewiseConstantDecay {
  std::vector<double> boundaries, values;
};
struct PolynomialDecay {
  double initial = 0.1, decay_steps = 1, end = 1e-4, power = 1;
  bool cycle = false;
};
struct InverseTimeDecay {
  double initial = 0.1, decay_steps = 1, decay_rate = 1;
  bool staircase = false;
};
struct CosineDecay {
  double initial = 0.1, decay_steps = 1, alpha = 0;
  std::optional<double> warmup_target;
  double warmup_steps = 0;
};
struct CosineDecayRestarts {
  double initial = 0.1, first_decay_steps = 1, t_mul = 2, m_mul = 1, alpha = 0;
};
using KerasSchedule = std::variant<ExponentialDecay, PiecewiseConstantDecay, PolynomialDecay, InverseTimeDecay,
                                   CosineDecay, CosineDecayRestarts>;

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

void check_positive(const char* name, double value) {
  if (!(value > 0)) throw Error(std::string(name) + " = " + to_text(value) + " is outside (0, ∞)");
}

/// value / lr. Where all rates are 0, any factor will do.
double ratio(double value, double lr) { return lr == 0 ? 0 : value / lr; }

RateSchedule to_schedule(const ExponentialDecay& decay) {
  check_positive("decay_steps", decay.decay_steps);
  return {decay.initial, schedule::Exponential{decay.decay_rate, decay.decay_steps, decay.staircase}};
}

RateSchedule to_schedule(const PiecewiseConstantDecay& decay) {
  const auto first = std::ranges::find_if(decay.values, [](double value) { return value != 0; });
  const double lr = first == decay.values.end() ? 0 : *first;
  schedule::PiecewiseConstant pieces{decay.boundaries, {}};
  for (const double value : decay.values) pieces.values.push_back(ratio(value, lr));
  return {lr, std::move(pieces)};
}

RateSchedule to_schedule(const PolynomialDecay& decay) {
  check_positive("decay_steps", decay.decay_steps);
  if (decay.initial == 0 && decay.end != 0) {
    throw Error("initial_learning_rate = 0 has no counterpart beside end_learning_rate = " + to_text(decay.end) +
                ", as rates are factors on the first one here");
  }
  return {decay.initial,
          schedule::Polynomial{decay.power, ratio(decay.end, decay.initial), decay.decay_steps, decay.cycle}};
}

RateSchedule to_schedule(const InverseTimeDecay& decay) {
  check_positive("decay_steps", decay.decay_steps);
  return {decay.initial, schedule::InverseTime{decay.decay_rate, decay.decay_steps, decay.staircase}};
}

RateSchedule to_schedule(const CosineDecay& decay) {
  check_positive("decay_steps", decay.decay_steps);
  const schedule::Cosine cosine{.floor = decay.alpha, .steps = decay.decay_steps};
  const double top = decay.warmup_target.value_or(decay.initial);
  if (!decay.warmup_target || decay.warmup_steps == 0) return {top, cosine};
  check_positive("warmup_steps", decay.warmup_steps);
  if (top == 0 && decay.initial != 0) {
    throw Error("warmup_target = 0 has no counterpart, as rates are factors on it here");
  }
  const schedule::Linear rise{.start = ratio(decay.initial, top), .end = 1, .steps = decay.warmup_steps};
  return {top, Schedule(std::vector<Schedule::Part>{{rise, decay.warmup_steps}, {cosine, 0}})};
}

RateSchedule to_schedule(const CosineDecayRestarts& decay) {
  check_positive("first_decay_steps", decay.first_decay_steps);
  return {decay.initial, schedule::CosineRestarts{decay.first_decay_steps, decay.t_mul, decay.m_mul, decay.alpha}};
}

/// factor · lr, as the number with the fewest digits that becomes the factor when it is read again.
double rate(double factor, double lr) {
  const double exact = factor * lr;
  std::array<char, 32> text;
  for (int digits = 1; digits <= 17; ++digits) {
    const auto [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), exact, std::chars_format::scientific, digits - 1);
    double shorter = 0;
    std::from_chars(text.data(), end, shorter);
    if (ratio(shorter, lr) == factor) return shorter;
  }
  return exact;
}

/// Keras' schedule of this kind, if there is one.
std::optional<KerasSchedule> to_keras(const Schedule::Kind& kind, double lr) {
  if (const auto* exponential = std::get_if<schedule::Exponential>(&kind)) {
    return ExponentialDecay{lr, exponential->every, exponential->gamma, exponential->staircase};
  }
  if (const auto* step = std::get_if<schedule::StepDecay>(&kind)) {
    return ExponentialDecay{lr, step->every, step->gamma, true};
  }
  if (const auto* pieces = std::get_if<schedule::PiecewiseConstant>(&kind)) {
    PiecewiseConstantDecay result{pieces->boundaries, {}};
    for (const double value : pieces->values) result.values.push_back(rate(value, lr));
    return result;
  }
  if (const auto* polynomial = std::get_if<schedule::Polynomial>(&kind)) {
    return PolynomialDecay{lr, polynomial->steps, rate(polynomial->floor, lr), polynomial->power, polynomial->cycle};
  }
  if (const auto* linear = std::get_if<schedule::Linear>(&kind); linear != nullptr && linear->start == 1) {
    return PolynomialDecay{lr, linear->steps, rate(linear->end, lr), 1, false};
  }
  if (const auto* inverse = std::get_if<schedule::InverseTime>(&kind)) {
    return InverseTimeDecay{lr, inverse->every, inverse->rate, inverse->staircase};
  }
  if (const auto* cosine = std::get_if<schedule::Cosine>(&kind); cosine != nullptr && !cosine->cycle) {
    return CosineDecay{lr, cosine->steps, cosine->floor, {}, 0};
  }
  if (const auto* restarts = std::get_if<schedule::CosineRestarts>(&kind)) {
    return CosineDecayRestarts{lr, restarts->period, restarts->t_mult, restarts->m_mult, restarts->floor};
  }
  return {};
}

std::optional<KerasSchedule> to_keras(const Schedule& schedule, double lr) {
  const std::vector<Schedule::Part>& parts = schedule.parts();
  if (schedule.interval() != Interval::step || schedule.warmup().steps != 0) return {};
  if (parts.size() == 1) return to_keras(parts.front().kind, lr);
  const auto* const rise = std::get_if<schedule::Linear>(&parts.front().kind);
  const auto* const cosine = std::get_if<schedule::Cosine>(&parts.back().kind);
  if (parts.size() != 2 || rise == nullptr || cosine == nullptr || cosine->cycle) return {};
  if (rise->end != 1 || rise->steps != parts.front().length) return {};
  return CosineDecay{rate(rise->start, lr), cosine->steps, cosine->floor, lr, rise->steps};
}

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
std::optional<RateSchedule> read_as(std::string_view class_name, const json::Object& config, const std::string& what,
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
  return naming(inside + ": ", [&] { return to_schedule(decay); });
}

template <class... Decays>
RateSchedule read_one_of(std::variant<Decays...>*, std::string_view class_name, const json::Object& config,
                         const std::string& what) {
  std::vector<std::string> classes;
  std::optional<RateSchedule> result;
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

RateSchedule schedule_from_keras(const json::Value& json, const std::string& what) {
  const auto [class_name, config] = read_keras_object(json, what);
  return read_one_of(static_cast<KerasSchedule*>(nullptr), class_name, config, what);
}

json::Value schedule_to_keras(const RateSchedule& given) {
  if (given.schedule.needs_length()) {
    throw Error("the schedule " + given.schedule.text() +
                " has no counterpart in keras before its steps are known, as Schedule::within fills them in");
  }
  std::optional<KerasSchedule> theirs = to_keras(given.schedule, given.lr);
  if (!theirs) throw Error("the schedule " + given.schedule.text() + " has no counterpart in keras");
  return std::visit(
      [](auto& decay) {
        json::Object config;
        describe(Writing{config}, decay);
        return json::Value(json::Object{{"module", "keras.optimizers.schedules"},
                                        {"class_name", class_of(decay)},
                                        {"config", config},
                                        {"registered_name", nullptr}});
      },
      *theirs);
}

}  // namespace thalweg::inline v0_1::dialects

namespace thalweg::inline v0_1 {

RateSchedule schedule_from_keras(std::string_view json) {
  return dialects::schedule_from_keras(dialects::parse_value(dialects::keras(), json, "schedule"), "keras schedule");
}

std::string schedule_to_keras(const RateSchedule& schedule) {
  return json::to_string(dialects::schedule_to_keras(schedule));
}

}  // namespace thalweg::inline v0_1
