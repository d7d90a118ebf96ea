// Loss scale, clipping and averaging as JSON: in the head of a state, and in thalweg's own configurations.
#include "checkpoint/settings_json.h"

#include "text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <functional>
#include <initializer_list>
#include <map>
#include <vector>

namespace thalweg {
namespace {

json::Value to_json(const Clip& clip) {
  return json::Object{{"by", to_string(clip.by)}, {"limit", clip.limit}, {"eps", clip.eps}};
}

json::Value to_json(const Average& average) {
  return json::Object{
      {"kind", to_string(average.kind)}, {"decay", average.decay}, {"bias_correction", average.bias_correction},
      {"start", average.start},          {"every", average.every}, {"overwrite_every", average.overwrite_every}};
}

/// How the value of a key is taken over. The text names it in errors.
using Readers = std::map<std::string, std::function<void(const json::Value&, const std::string&)>>;

void read(const json::Value& value, const std::string& what, const Readers& readers) {
  std::vector<std::string> known;
  for (const auto& [key, reader] : readers) known.push_back(key);
  for (const auto& [key, member] : value.object(what)) {
    const auto reader = readers.find(key);
    if (reader == readers.end()) throw Error(what + ": unknown key '" + printable(key) + "'" + suggest(key, known));
    reader->second(member, what + ": " + key);
  }
}

/// Takes over the one of `all` whose name is there.
template <class Enum>
auto one_of(std::initializer_list<Enum> all, Enum& to) {
  return [all = std::vector<Enum>(all), &to](const json::Value& value, const std::string& what) {
    const std::string& name = value.string(what);
    std::vector<std::string> known;
    for (const Enum one : all) {
      if (name == to_string(one)) {
        to = one;
        return;
      }
      known.emplace_back(to_string(one));
    }
    throw Error(what + " = " + in_quotes(name) + " is unknown" + suggest(name, known));
  };
}

auto number(double& to) {
  return [&to](const json::Value& value, const std::string& what) { to = value.number(what); };
}

auto boolean(bool& to) {
  return [&to](const json::Value& value, const std::string& what) { to = value.boolean(what); };
}

auto integer(std::int64_t& to) {
  return [&to](const json::Value& value, const std::string& what) { to = value.integer(what); };
}

}  // namespace

void write_settings(const Settings& settings, json::Value& object) {
  object["loss_scale"] = settings.loss_scale;
  object["clip"] = to_json(settings.clip);
  object["average"] = to_json(settings.average);
  object["step_count"] = to_string(settings.step_count);
  object["accumulation"] = json::Object{{"calls", settings.accumulation.calls}, {"mean", settings.accumulation.mean}};
  const DynamicLossScale& dynamic = settings.dynamic_loss_scale;
  object["dynamic_loss_scale"] = json::Object{
      {"on", dynamic.on}, {"growth", dynamic.growth}, {"backoff", dynamic.backoff}, {"interval", dynamic.interval}};
}

Settings read_settings(const json::Object& object, const std::string& what, Check check) {
  Settings settings;
  settings.check = check;
  Accumulation& accumulation = settings.accumulation;
  DynamicLossScale& dynamic = settings.dynamic_loss_scale;
  Clip& clip = settings.clip;
  Average& average = settings.average;
  const Readers readers{
      {"loss_scale", number(settings.loss_scale)},
      {"step_count", one_of({StepCount::per_parameter, StepCount::shared, StepCount::per_row}, settings.step_count)},
      {"clip",
       [&](const json::Value& value, const std::string& key) {
         read(value, key,
              {{"by", one_of({ClipBy::none, ClipBy::value, ClipBy::norm, ClipBy::global_norm}, clip.by)},
               {"limit", number(clip.limit)},
               {"eps", number(clip.eps)}});
       }},
      {"average",
       [&](const json::Value& value, const std::string& key) {
         read(value, key,
              {{"kind", one_of({AverageKind::none, AverageKind::ema, AverageKind::mean}, average.kind)},
               {"decay", number(average.decay)},
               {"bias_correction", boolean(average.bias_correction)},
               {"start", integer(average.start)},
               {"every", integer(average.every)},
               {"overwrite_every", integer(average.overwrite_every)}});
       }},
      {"accumulation",
       [&](const json::Value& value, const std::string& key) {
         read(value, key, {{"calls", integer(accumulation.calls)}, {"mean", boolean(accumulation.mean)}});
       }},
      {"dynamic_loss_scale",
       [&](const json::Value& value, const std::string& key) {
         read(value, key,
              {{"on", boolean(dynamic.on)},
               {"growth", number(dynamic.growth)},
               {"backoff", number(dynamic.backoff)},
               {"interval", integer(dynamic.interval)}});
       }},
  };
  for (const std::string_view key : kSettingsKeys) {
    const auto member = object.find(key);
    if (member != object.end()) readers.at(std::string(key))(member->second, what + ": " + std::string(key));
  }
  try {
    thalweg::check(settings);
  } catch (const Error& error) {
    throw Error(what + ": " + error.what());
  }
  return settings;
}

}  // namespace thalweg
