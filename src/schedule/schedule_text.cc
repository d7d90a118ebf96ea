// Schedules as text and as JSON.
#include "schedule/schedule_text.h"

#include "naming.h"
#include "schedule/kinds.h"
#include "text.h"

#include <thalweg/error.h>

#include <algorithm>
#include <optional>

namespace thalweg::inline v0_1 {
namespace {

constexpr std::string_view kWarmupKinds[] = {"linear", "exponential"};
constexpr std::string_view kIntervals[] = {"step", "epoch"};

/// What a schedule has beside its kinds.
struct Whole {
  Schedule::Warmup warmup;
  Interval interval = Interval::step;

  Fields fields() {
    return {{"warmup", &warmup.steps, at_least(0)},
            {"warmup_from", &warmup.from, between(0, 1)},
            {"warmup_kind", choice<WarmupKind>(kWarmupKinds, warmup.kind)},
            {"interval", choice<Interval>(kIntervals, interval)}};
  }
};

constexpr std::string_view kThen = "then", kLength = "length";

/// One part while it is read: whatever it says is a field.
struct Reading {
  Schedule::Part part;
  Whole whole;  // of the first part
  Fields fields;

  Reading(std::string_view kind, bool is_first, const std::string& what) : part{kind_of(kind, what), 0} {
    fields = fields_of(part.kind);
    fields.push_back({kLength, &part.length, above(0)});
    if (!is_first) return;
    for (const Field& field : whole.fields()) fields.push_back(field);
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
};

/// Errors of the schedule as a whole.
Schedule make(std::vector<Schedule::Part> parts, const Whole& whole, bool last_has_length, const std::string& what) {
  if (last_has_length) throw Error(what + "length means nothing where no part follows");
  return naming(what, [&] { return Schedule(std::move(parts), whole.warmup, whole.interval); });
}

/// Must the part's length be said? Not where it follows from the kind's `steps`.
bool says_length(const Schedule::Part& part) {
  const double* const steps = steps_of(part.kind);
  return part.length > 0 && (steps == nullptr || *steps != part.length);
}

}  // namespace

Schedule read_schedule(TextReader& reader) {
  std::vector<Schedule::Part> parts;
  Whole whole;
  while (true) {
    const bool is_first = parts.empty();
    const std::string_view kind = reader.word(":,");
    Reading reading(kind, is_first, reader.at(kind));
    std::vector<std::string_view> given;
    bool goes_on = false;
    for (char before = ':'; reader.skip(before); before = ',') {
      const std::string_view name = reader.word("=,");
      if (!reader.skip('=')) {
        throw Error(reader.at(name) + "'" + printable(name) + "' is not of the form option=value");
      }
      if (std::ranges::find(given, name) != given.end()) {
        throw Error(reader.at(name) + printable(name) + " is given twice");
      }
      given.push_back(name);
      goes_on = name == kThen;
      if (goes_on) break;
      const std::string what = reader.at(name);
      const Field& field = find(reading.fields, name, what, "option", {std::string(kThen)});
      set(field, reader.word(","), what);
    }
    const bool has_length = reading.part.length > 0;
    parts.push_back(reading.part);
    check_number_of_parts(parts.size(), reader.at(kind));
    if (is_first) whole = reading.whole;
    if (!goes_on) return make(std::move(parts), whole, has_length, reader.at_all());
  }
}

Schedule parse_schedule(std::string_view text) {
  TextReader reader("schedule", text);
  Schedule result = read_schedule(reader);
  reader.expect_end();
  return result;
}

std::string Schedule::text() const {
  std::string text;
  for (const Part& part : parts_) {
    Kind kind = part.kind, defaults = kind_of(name_of(kind), {});
    text += name_of(kind);
    char separator = ':';
    append_different(text, separator, fields_of(kind), fields_of(defaults));
    if (says_length(part)) append_pair(text, separator, kLength, to_text(part.length));
    if (&part == &parts_.front()) {
      Whole whole{warmup_, interval_}, none;
      append_different(text, separator, whole.fields(), none.fields());
    }
    if (&part != &parts_.back()) append_pair(text, separator, kThen, "");
  }
  return text;
}

json::Value schedule_json(const Schedule& schedule) {
  json::Value result;
  for (auto part = schedule.parts().rbegin(); part != schedule.parts().rend(); ++part) {
    Schedule::Kind kind = part->kind;
    json::Object object = write(fields_of(kind));
    object.emplace("kind", name_of(kind));
    if (says_length(*part)) object.emplace(kLength, part->length);
    if (!result.is_null()) object.emplace(kThen, std::move(result));
    if (&*part == &schedule.parts().front()) {
      Whole whole{schedule.warmup(), schedule.interval()};
      object.merge(write(whole.fields()));
    }
    result = std::move(object);
  }
  return result;
}

Schedule read_schedule(const json::Value& json, const std::string& what) {
  std::vector<Schedule::Part> parts;
  Whole whole;
  for (const json::Value* next = &json; next != nullptr;) {
    const json::Object& object = next->object(what);
    const std::string& kind = next->at("kind", what).string(what + ": kind");
    Reading reading(kind, parts.empty(), what + ": ");
    for (const auto& [key, value] : object) {
      if (key == "kind" || key == kThen) continue;
      const std::string inside = what + ": " + kind + ": ";
      set(find(reading.fields, key, inside, "key", {"kind", std::string(kThen)}), value, inside);
    }
    const bool has_length = reading.part.length > 0;
    if (parts.empty()) whole = reading.whole;
    parts.push_back(reading.part);
    next = next->find(kThen, what);
    if (next == nullptr) return make(std::move(parts), whole, has_length, what + ": ");
  }
  return Schedule(std::move(parts), whole.warmup, whole.interval);
}

Schedule schedule_from_json(std::string_view json) { return read_schedule(json::parse(json, "schedule"), "schedule"); }

std::string to_json(const Schedule& schedule) { return json::to_string(schedule_json(schedule)); }

}  // namespace thalweg::inline v0_1
