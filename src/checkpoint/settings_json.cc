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

auto integer(std::int64_t& to) {
  return [&to](const json::Value& value, const std::string& what) { to = value.integer(what); };
}

}  // namespace

std::string_view to_string(StepCount step_count) {
  return step_count == StepCount::shared ? "shared" : "per_parameter";
}

void write_settings(const Settings& settings, json::Value& object) {
  object["loss_scale"] = settings.loss_scale;
  object["clip"] = to_json(settings.clip);
  object["average"] = to_json(settings.average);
  object["step_count"] = to_string(settings.step_count);
}

Settings read_settings(const json::Object& object, const std::string& what) {
  Settings settings;
  Clip& clip = settings.clip;
  Average& average = settings.average;
  const Readers readers{
      {"loss_scale", number(settings.loss_scale)},
      {"step_count", one_of({StepCount::per_parameter, StepCount::shared}, settings.step_count)},
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
               {"bias_correction", [&](const json::Value& given,
                                       const std::string& name) { average.bias_correction = given.boolean(name); }},
               {"start", integer(average.start)},
               {"every", integer(average.every)},
               {"overwrite_every", integer(average.overwrite_every)}});
       }},
  };
  for (const std::string_view key : kSettingsKeys) {
    const auto member = object.find(key);
    if (member != object.end()) readers.at(std::string(key))(member->second, what + ": " + std::string(key));
  }
  try {
    check(settings);
  } catch (const Error& error) {
    throw Error(what + ": " + error.what());
  }
  return settings;
}

}  // namespace thalweg
