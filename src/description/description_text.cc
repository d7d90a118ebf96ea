// Descriptions as text.
#include <thalweg/description.h>

#include "naming.h"
#include "schedule/schedule_text.h"
#include "settings_fields.h"
#include "text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <algorithm>
#include <set>

namespace thalweg::inline v0_1 {
namespace {

constexpr std::string_view kGroup = "group";

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

/// A rule by name.
Options read_rule(TextReader& reader) {
  const std::string_view name = reader.word(":");
  return naming(reader.at(name), [&] { return Options::of(name); });
}

/// A rule by name, and its options.
Options read_options(TextReader& reader) {
  Options options = read_rule(reader);
  if (!reader.skip(':')) return options;
  read_pairs(reader, {}, [&](std::string_view option, std::string_view value, const std::string& what) {
    naming(what, [&] { options.set(option, value); });
  });
  return options;
}

/// What a group has of its own beside these options, and its `lr_scale`.
void read_group_options(TextReader& reader, Options options, GroupDescription& group) {
  read_pairs(reader, {}, [&](std::string_view option, std::string_view value, const std::string& what) {
    if (option == "lr_scale") {
      set(Field{"lr_scale", &group.lr_scale, at_least(0)}, value, what);
      return;
    }
    naming(what, [&] { options.set(option, value); });
    group.options[std::string(option)] = options.get(option);
  });
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
    const Options options = read_rule(reader);
    group.rule = options.rule().name;
    if (reader.skip(':')) read_group_options(reader, options, group);
  } else {
    read_group_options(reader, description.options, group);
  }
  return group;
}

/// Which kind, and behind a colon its options. Errors call the kind `key`; the first option may be a value alone.
void read_kind(TextReader& reader, std::string_view key, Field kind, const Fields& options, std::string_view first) {
  const std::string_view word = reader.word(":,");
  kind.name = key;
  set(kind, word, reader.at(word));
  if (word == "none" && reader.skip(':')) throw Error(reader.at(word) + std::string(key) + "=none has no options");
  if (reader.skip(':')) read_fields(reader, options, first);
}

void read_loss_scale(TextReader& reader, Settings& settings) {
  const std::string_view value = reader.word(":,");
  if (value != "dynamic") {
    set(loss_scale_field(settings), value, reader.at(value));
    return;
  }
  settings.dynamic_loss_scale.on = true;
  Fields fields = fields_of(settings.dynamic_loss_scale);
  fields.push_back(loss_scale_field(settings));
  fields.back().name = "initial";
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
  Clip& clip = settings.clip;
  Average& average = settings.average;
  if (key == "clip") return read_kind(reader, key, by_field(clip), fields_of(clip), "limit");
  if (key == "average") return read_kind(reader, key, kind_field(average), fields_of(average), "decay");
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

std::string group_text(const Description& description, const GroupDescription& group) {
  const Options options = description.options_of(group);
  const RuleInfo& rule = options.rule();
  std::string text = " group[" + group.pattern + "]" + (group.rule.empty() ? "" : "=" + group.rule);
  char separator = group.rule.empty() ? '=' : ':';
  for (const auto& [option, value] : group.options) {
    const OptionInfo& info = rule.options[static_cast<std::size_t>(rule.find_option(option))];
    append_pair(text, separator, option, value_text(info, value));
  }
  const bool says_nothing = group.options.empty() && group.rule.empty();
  if (group.lr_scale != 1 || says_nothing) append_pair(text, separator, "lr_scale", to_text(group.lr_scale));
  return text;
}

std::string settings_text(Settings settings) {
  Settings none;
  std::string text;
  if (settings.clip.by != ClipBy::none) {
    text += " clip=" + value_text(by_field(settings.clip)) + ":" + to_text(settings.clip.limit);
    none.clip.limit = settings.clip.limit;
    char separator = ',';
    append_different(text, separator, fields_of(settings.clip), fields_of(none.clip));
  }
  if (settings.average.kind != AverageKind::none) {
    text += " average=" + value_text(kind_field(settings.average));
    char separator = ':';
    if (settings.average.kind == AverageKind::ema) {
      text += ":" + to_text(settings.average.decay);
      none.average.decay = settings.average.decay;
      separator = ',';
    }
    append_different(text, separator, fields_of(settings.average), fields_of(none.average));
  }
  if (settings.check != none.check) text += " check=" + value_text(check_field(settings));
  if (settings.accumulation != none.accumulation) {
    text += " accumulation=" + std::to_string(settings.accumulation.calls);
    if (!settings.accumulation.mean) text += ",mean=false";
  }
  if (settings.dynamic_loss_scale.on) {
    text += " loss_scale=dynamic:initial=" + to_text(settings.loss_scale);
    char separator = ',';
    append_different(text, separator, fields_of(settings.dynamic_loss_scale), fields_of(none.dynamic_loss_scale));
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
  Options result = read_options(reader);
  reader.expect_end();
  return result;
}

Description parse_description(std::string_view text) {
  TextReader reader("optimizer", text);
  Description result = read_options(reader);
  std::vector<std::string_view> given;
  while (!reader.is_at_end()) {
    if (!reader.skip_spaces()) reader.expect_end();
    if (reader.is_at_end()) break;
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
  naming(reader.at_all(), [&] { check(result); });
  return result;
}

std::string Description::text() const {
  std::string result = options.text() + settings_text(settings);
  if (schedule) result += " schedule=" + schedule->text();
  for (const GroupDescription& group : groups) result += group_text(*this, group);
  return result;
}

}  // namespace thalweg::inline v0_1
