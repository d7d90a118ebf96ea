// What is around the rules as JSON: in the head of a state, in descriptions, and in thalweg's own configurations.
#include "checkpoint/settings_json.h"

#include "naming.h"
#include "settings_fields.h"
#include "text.h"

#include <thalweg/error.h>

namespace thalweg::inline v0_1 {
namespace {

Fields with(const Field& first, Fields others) {
  others.insert(others.begin(), first);
  return others;
}

/// The objects among the settings.
Fields clip_fields(Settings& settings) { return with(by_field(settings.clip), fields_of(settings.clip)); }
Fields average_fields(Settings& settings) { return with(kind_field(settings.average), fields_of(settings.average)); }
Fields dynamic_fields(Settings& settings) {
  DynamicLossScale& dynamic = settings.dynamic_loss_scale;
  return with({"on", &dynamic.on}, fields_of(dynamic));
}

}  // namespace

void write_settings(const Settings& settings, json::Value& object) {
  Settings copy = settings;
  object["loss_scale"] = copy.loss_scale;
  object["clip"] = write(clip_fields(copy));
  object["average"] = write(average_fields(copy));
  object["step_count"] = value_json(step_count_field(copy));
  object["accumulation"] = write(fields_of(copy.accumulation));
  object["dynamic_loss_scale"] = write(dynamic_fields(copy));
  object["check"] = value_json(check_field(copy));
  object["first_values"] = json::Object();
  for (const auto& [column, value] : copy.first_values) object["first_values"][column] = value;
}

Settings read_settings(const json::Object& object, const std::string& what, Settings settings) {
  const auto if_there = [&](const char* key, const auto& take) {
    if (const auto member = object.find(key); member != object.end()) take(member->second, what + ": " + key);
  };
  const auto take_object = [&](const char* key, const Fields& fields) {
    if_there(key,
             [&](const json::Value& value, const std::string& name) { read(fields, value.object(name), name + ": "); });
  };
  for (const Field& field : {loss_scale_field(settings), step_count_field(settings), check_field(settings)}) {
    if (const auto member = object.find(field.name); member != object.end()) set(field, member->second, what + ": ");
  }
  take_object("clip", clip_fields(settings));
  take_object("average", average_fields(settings));
  take_object("accumulation", fields_of(settings.accumulation));
  take_object("dynamic_loss_scale", dynamic_fields(settings));
  if_there("first_values", [&](const json::Value& value, const std::string& name) {
    settings.first_values.clear();
    for (const auto& [column, number] : value.object(name)) {
      settings.first_values.emplace(column, number.number(name + ": " + printable(column)));
    }
  });
  naming(what + ": ", [&] { thalweg::check(settings); });
  return settings;
}

}  // namespace thalweg::inline v0_1
