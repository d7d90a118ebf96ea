// Descriptions as text.
#include <thalweg/description.h>

#include "schedule/schedule_text.h"
#include "settings_fields.h"
#include "text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <algorithm>
#include <set>

namespace thalweg {
namespace {

constexpr std::string_view kGroup = "group";

/// What stands at a place of the text, which errors begin with.
template <class F>
auto at(const std::string& what, const F& read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(what + error.what());
  }
}

/// `name=value,name=value`: calls `take(name, value, what)` with each, where `what` begins errors about it. The first
/// may be a value alone: that of `first`.
template <class F>
void read_pairs(TextReader& reader, std::string_view first, const F& take) {
  std::set<std::string_view> given;
  do {
    std::string_view name = reader.word("=,"), value = name;
    const std::string what = reader.at(name);
    if (reader.skip('=')) {
      value = reader.word(",");
    } else if (given.empty() && !first.empty()) {
      name = first;
    } else {
      throw Error(what + "'" + printable(name) + "' is not of the form option=value");
    }
    if (!given.insert(name).second) throw Error(what + printable(name) + " is given twice");
    take(name, value, what);
  } while (reader.skip(','));
}

void read_fields(TextReader& reader, const Fields& fields, std::string_view first) {
  read_pairs(reader, first, [&](std::string_view name, std::string_view value, const std::string& what) {
    set(find(fields, name, what, "option"), value, what);
  });
}

/// A rule by name, and its options: those that are given get into `values`, too.
Options read_options(TextReader& reader, std::map<std::string, double, std::less<>>* values, double* lr_scale) {
  const std::string_view name = reader.word(":");
  Options options = at(reader.at(name), [&] { return Options::of(name); });
  if (!reader.skip(':')) return options;
  read_pairs(reader, {}, [&](std::string_view option, std::string_view value, const std::string& what) {
    if (lr_scale != nullptr && option == "lr_scale") {
      set(Field{"lr_scale", lr_scale, at_least(0)}, value, what);
      return;
    }
    at(what, [&] { options.set(option, value); });
    if (values != nullptr) (*values)[std::string(option)] = options.get(option);
  });
  return options;
}

GroupDescription read_group(TextReader& reader, std::string_view keyword, const Description& description) {
  GroupDescription group;
  if (!reader.skip('[')) throw Error(reader.at(keyword) + "a group needs a pattern, as group[*.bias]=lr_scale=2");
  group.pattern = reader.until(']');
  if (!reader.skip(']') || !reader.skip('=')) {
    throw Error(reader.at(keyword) + "a group is written group[PATTERN]=option=value,…");
  }
  TextReader ahead = reader;
  ahead.word(":=,");
  const std::string_view rest = ahead.rest();
  if (rest.empty() || rest[0] == ':' || rest[0] == ' ') {
    group.rule = read_options(reader, &group.options, &group.lr_scale).rule().name;
    return group;
  }
  Options options = description.options;
  read_pairs(reader, {}, [&](std::string_view option, std::string_view value, const std::string& what) {
    if (option == "lr_scale") {
      set(Field{"lr_scale", &group.lr_scale, at_least(0)}, value, what);
      return;
    }
    at(what, [&] { options.set(option, value); });
    group.options[std::string(option)] = options.get(option);
  });
  return group;
}

void read_clip(TextReader& reader, Clip& clip) {
  const std::string_view by = reader.word(":,");
  Field field = by_field(clip);
  field.name = "clip";
  set(field, by, reader.at(by));
  if (reader.skip(':')) read_fields(reader, fields_of(clip), "limit");
}

void read_average(TextReader& reader, Average& average) {
  const std::string_view kind = reader.word(":,");
  Field field = kind_field(average);
  field.name = "average";
  set(field, kind, reader.at(kind));
  if (reader.skip(':')) read_fields(reader, fields_of(average), "decay");
}

void read_loss_scale(TextReader& reader, Settings& settings) {
  const std::string_view value = reader.word(":,");
  if (value != "dynamic") {
    set(Field{"loss_scale", &settings.loss_scale, at_least(0)}, value, reader.at(value));
    return;
  }
  settings.dynamic_loss_scale.on = true;
  Fields fields = fields_of(settings.dynamic_loss_scale);
  fields.push_back({"initial", &settings.loss_scale});
  if (reader.skip(':')) read_fields(reader, fields, {});
}

void read_first_values(TextReader& reader, Settings& settings) {
  read_pairs(reader, {}, [&](std::string_view column, std::string_view value, const std::string& what) {
    double number = 0;
    set(Field{"the first value", &number}, value, what);
    settings.first_values[std::string(column)] = number;
  });
}

/// What stands behind a key and its `=`.
void read_value(TextReader& reader, std::string_view key, Description& description) {
  Settings& settings = description.settings;
  const auto word = [&](const Field& field) {
    const std::string_view value = reader.word({});
    set(field, value, reader.at(value));
  };
  if (key == "clip") return read_clip(reader, settings.clip);
  if (key == "average") return read_average(reader, settings.average);
  if (key == "check") return word(check_field(settings));
  if (key == "accumulation") return read_fields(reader, fields_of(settings.accumulation), "calls");
  if (key == "loss_scale") return read_loss_scale(reader, settings);
  if (key == "schedule") {
    description.schedule = read_schedule(reader);
    return;
  }
  if (key == "step_count") return word(step_count_field(settings));
  read_first_values(reader, settings);
}

void check_key(const TextReader& reader, std::string_view key) {
  static const std::vector<std::string> known{"clip",     "average",    "check",        "accumulation", "loss_scale",
                                              "schedule", "step_count", "first_values", "group"};
  if (std::ranges::find(known, key) != known.end()) return;
  throw Error(reader.at(key) + "unknown key '" + printable(key) + "'" + suggest(key, known));
}

/// `option=value` of those that differ from the others, with `separator` in front.
void append_different(std::string& text, const Fields& fields, const Fields& defaults, char separator) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (is_equal(fields[i], defaults[i])) continue;
    text += separator;
    text += std::string(fields[i].name) + "=" + value_text(fields[i]);
    separator = ',';
  }
}

std::string option_text(const Options& options, const std::string& option) {
  const OptionInfo& info = options.rule().options[static_cast<std::size_t>(options.rule().find_option(option))];
  const double value = options.get(option);
  return option + "=" + (info.type == OptionType::real ? to_text(value) : value != 0 ? "true" : "false");
}

std::string group_text(const Description& description, const GroupDescription& group) {
  const Options options = description.options_of(group);
  std::string pairs;
  for (const auto& [option, value] : group.options) pairs += (pairs.empty() ? "" : ",") + option_text(options, option);
  if (group.lr_scale != 1 || (pairs.empty() && group.rule.empty())) {
    pairs += (pairs.empty() ? "lr_scale=" : ",lr_scale=") + to_text(group.lr_scale);
  }
  const char* const colon = group.rule.empty() || pairs.empty() ? "" : ":";
  return " group[" + group.pattern + "]=" + group.rule + colon + pairs;
}

std::string settings_text(Settings settings) {
  Settings none;
  std::string text;
  if (settings.clip.by != ClipBy::none) {
    text += " clip=" + value_text(by_field(settings.clip)) + ":" + to_text(settings.clip.limit);
    none.clip.limit = settings.clip.limit;
    append_different(text, fields_of(settings.clip), fields_of(none.clip), ',');
  }
  if (settings.average.kind != AverageKind::none) {
    text += " average=" + value_text(kind_field(settings.average));
    char separator = ':';
    if (settings.average.kind == AverageKind::ema) {
      text += ":" + to_text(settings.average.decay);
      none.average.decay = settings.average.decay;
      separator = ',';
    }
    append_different(text, fields_of(settings.average), fields_of(none.average), separator);
  }
  if (settings.check != none.check) text += " check=" + value_text(check_field(settings));
  if (settings.accumulation != none.accumulation) {
    text += " accumulation=" + std::to_string(settings.accumulation.calls);
    if (!settings.accumulation.mean) text += ",mean=false";
  }
  if (settings.dynamic_loss_scale.on) {
    text += " loss_scale=dynamic:initial=" + to_text(settings.loss_scale);
    append_different(text, fields_of(settings.dynamic_loss_scale), fields_of(none.dynamic_loss_scale), ',');
  } else if (settings.loss_scale != 1) {
    text += " loss_scale=" + to_text(settings.loss_scale);
  }
  if (settings.step_count != none.step_count) text += " step_count=" + value_text(step_count_field(settings));
  for (const auto& [column, value] : settings.first_values) {
    text += column == settings.first_values.begin()->first ? " first_values=" : ",";
    text += column + "=" + to_text(value);
  }
  return text;
}

}  // namespace

Options parse_options(std::string_view text) {
  TextReader reader("optimizer", text);
  Options result = read_options(reader, nullptr, nullptr);
  reader.expect_end();
  return result;
}

Description parse_description(std::string_view text) {
  TextReader reader("optimizer", text);
  Description result = read_options(reader, nullptr, nullptr);
  std::vector<std::string_view> given;
  while (!reader.is_at_end()) {
    const std::string_view before = reader.rest();
    reader.skip_spaces();
    if (reader.is_at_end()) break;
    if (before == reader.rest()) reader.expect_end();
    const std::string_view key = reader.word("=[");
    if (key == kGroup) {
      result.groups.push_back(read_group(reader, key, result));
      continue;
    }
    check_key(reader, key);
    if (std::ranges::find(given, key) != given.end()) throw Error(reader.at(key) + printable(key) + " is given twice");
    given.push_back(key);
    if (!reader.skip('=')) {
      throw Error(reader.at(key) + "'" + printable(key) + "' is not of the form key=value, as clip=norm:1");
    }
    read_value(reader, key, result);
  }
  try {
    check(result);
  } catch (const Error& error) {
    throw Error(reader.at_all() + error.what());
  }
  return result;
}

std::string Description::text() const {
  std::string result = options.text() + settings_text(settings);
  if (schedule) result += " schedule=" + schedule->text();
  for (const GroupDescription& group : groups) result += group_text(*this, group);
  return result;
}

}  // namespace thalweg
