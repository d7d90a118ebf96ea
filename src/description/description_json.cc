// Descriptions as JSON.
#include "description/description_json.h"

#include "checkpoint/settings_json.h"
#include "naming.h"
#include "schedule/schedule_text.h"
#include "settings_fields.h"
#include "text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <algorithm>

namespace thalweg::inline v0_1 {
namespace {

constexpr std::uint64_t kVersion = 1;

bool is_boolean(const Options& options, std::string_view option) {
  const int index = options.rule().find_option(option);
  return index >= 0 && options.rule().options[static_cast<std::size_t>(index)].type == OptionType::boolean;
}

json::Value value_json(const Options& options, std::string_view option, double value) {
  return is_boolean(options, option) ? json::Value(value != 0) : json::Value(value);
}

double read_value(const Options& options, const std::string& option, const json::Value& value,
                  const std::string& what) {
  const std::string name = what + ": " + printable(option);
  return is_boolean(options, option) ? double{value.boolean(name) ? 1.0 : 0.0} : value.number(name);
}

/// Calls `take(key, value)` with every member of the object. Keys that it does not know are errors.
template <class F>
void for_each_member(const json::Value& json, const std::string& what, const std::vector<std::string>& known,
                     const F& take) {
  for (const auto& [key, value] : json.object(what)) {
    if (std::ranges::find(known, key) == known.end()) {
      throw Error(what + ": unknown key '" + printable(key) + "'" + suggest(key, known));
    }
    take(key, value);
  }
}

json::Value to_json(const Description& description, const GroupDescription& group) {
  json::Value result = json::Object();
  result["pattern"] = group.pattern;
  if (!group.rule.empty()) result["rule"] = group.rule;
  const Options options = description.options_of(group);
  result["options"] = json::Object();
  for (const auto& [option, value] : group.options) result["options"][option] = value_json(options, option, value);
  if (group.lr_scale != 1) result["lr_scale"] = group.lr_scale;
  return result;
}

GroupDescription read_group(const Description& description, const json::Value& json, const std::string& what) {
  GroupDescription group;
  group.pattern = json.at("pattern", what + ": groups").string(what + ": groups: pattern");
  const std::string its = what + ": group[" + printable(group.pattern) + "]";
  for_each_member(json, its, {"pattern", "rule", "options", "lr_scale"}, [&](const auto& key, const auto& value) {
    if (key == "rule") group.rule = value.string(its + ": rule");
    if (key == "lr_scale") set(Field{"lr_scale", &group.lr_scale, at_least(0)}, value, its + ": ");
  });
  const json::Value* const options = json.find("options", its);
  if (options == nullptr) return group;
  const Options own =
      naming(its + ": ", [&] { return group.rule.empty() ? description.options : Options::of(group.rule); });
  for (const auto& [option, value] : options->object(its + ": options")) {
    group.options.emplace(option, read_value(own, option, value, its));
  }
  return group;
}

}  // namespace

json::Value description_json(const Description& description) {
  json::Value result = json::Object();
  result["version"] = kVersion;
  result["rule"] = description.options.rule().name;
  result["options"] = json::Object();
  for (const OptionInfo& option : description.options.rule().options) {
    result["options"][option.name] = value_json(description.options, option.name, description.options.get(option.name));
  }
  write_settings(description.settings, result);
  if (description.schedule) result["schedule"] = schedule_json(*description.schedule);
  for (const GroupDescription& group : description.groups) result["groups"].push_back(to_json(description, group));
  return result;
}

Description read_description(const json::Value& json, const std::string& what) {
  if (const json::Value* version = json.find("version", what); version != nullptr) {
    const std::uint64_t number = version->unsigned_integer(what + ": version");
    if (number < 1 || number > kVersion) {
      throw Error(what + ": version " + std::to_string(number) + " is " + (number > kVersion ? "newer" : "older") +
                  " than what this thalweg reads: " + std::to_string(kVersion));
    }
  }
  const std::string& rule = json.at("rule", what).string(what + ": rule");
  Description result = naming(what + ": ", [&] { return Options::of(rule); });
  std::vector<std::string> known{"version", "rule", "options", "schedule", "groups"};
  known.insert(known.end(), std::begin(kSettingsKeys), std::end(kSettingsKeys));
  const auto read_member = [&](const std::string& key, const json::Value& value) {
    const std::string name = what + ": " + key;
    if (key == "options") {
      for (const auto& [option, number] : value.object(name)) {
        const double its = read_value(result.options, option, number, name);
        naming(name + ": ", [&, &option = option] { result.options.set(option, its); });
      }
    }
    if (key == "schedule") result.schedule = read_schedule(value, name);
  };
  for_each_member(json, what, known, read_member);
  result.settings = read_settings(json.object(what), what);
  if (const json::Value* groups = json.find("groups", what); groups != nullptr) {
    for (const json::Value& group : groups->array(what + ": groups")) {
      result.groups.push_back(read_group(result, group, what));
    }
  }
  naming(what + ": ", [&] { thalweg::check(result); });
  return result;
}

Description description_from_json(std::string_view json) {
  return read_description(json::parse(json, "description"), "description");
}

std::string to_json(const Description& description) { return json::to_string(description_json(description)); }

}  // namespace thalweg::inline v0_1
