// Keras' serialized objects as JSON, learning-rate schedules among them.
#pragma once

#include "checkpoint/json.h"

#include <thalweg/dialects.h>

#include <string>

namespace thalweg::inline v0_1::dialects {

/// What `keras.saving.serialize_keras_object` gives: {"class_name": …, "config": …, "module": …, …}.
struct KerasObject {
  const std::string& class_name;
  const json::Object& config;
};

/// Throws Error that begins with `what` and names the key.
KerasObject read_keras_object(const json::Value& json, const std::string& what);

/// From what `keras.optimizers.schedules.serialize` gives: {"class_name": …, "config": …}. Throws Error that begins
/// with `what` and names class, key and value.
RateSchedule schedule_from_keras(const json::Value& json, const std::string& what);

/// And back. Throws Error for a schedule that Keras has not.
json::Value schedule_to_keras(const RateSchedule& schedule);

}  // namespace thalweg::inline v0_1::dialects
