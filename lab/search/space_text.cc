// parse_space and text: a space's dimensions as texts, `lr=log:1e-4:1` or `momentum=0:0.99:if:rule=sgd`.
#include "search/space.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace thalweg::lab {
namespace {

constexpr std::string_view kIf = ":if:";
constexpr std::string_view kForms = "LOW:HIGH, log:LOW:HIGH, int:LOW:HIGH, int:log:LOW:HIGH or choice:A|B|…";
constexpr double kLargestWhole = 0x1p52;  // beyond it a double has no halves, which are where whole numbers part

/// `text` read as T from its first to its last character.
template <class T>
std::optional<T> whole_text_as(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> finite_number(std::string_view text) {
  const std::optional<double> number = whole_text_as<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  const bool has = text.starts_with(prefix);
  if (has) text.remove_prefix(prefix.size());
  return has;
}

/// `train-limit` and `train_limit` are one.
std::string with_dashes(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '_', '-');
  return result;
}

/// A choice as it was written: text, or as a number if all of its range are.
nlohmann::json choice_value(const std::string& text, bool number) {
  if (!number) return text;
  if (const auto whole = whole_text_as<std::int64_t>(text)) return *whole;
  return finite_number(text).value();
}

std::vector<nlohmann::json> parse_choices(std::string_view text) {
  const std::vector<std::string> parts = split(text, '|');
  if (parts.size() < 2) throw Error("one choice alone; two or more are needed, separated by |");
  const bool numbers =
      std::all_of(parts.begin(), parts.end(), [](const std::string& part) { return finite_number(part).has_value(); });
  std::vector<nlohmann::json> choices;
  for (const std::string& part : parts) {
    nlohmann::json choice = choice_value(part, numbers);
    if (std::find(choices.begin(), choices.end(), choice) != choices.end()) {
      throw Error(fmt::format("the choice '{}' is there twice", printable(part)));
    }
    choices.push_back(std::move(choice));
  }
  return choices;
}

void parse_numbers(std::string_view text, Dimension& dimension) {
  const bool whole = dimension.kind == DimensionKind::integer;
  const std::vector<std::string> ends = split(text, ':');
  if (ends.size() != 2) throw Error(fmt::format("no range; a range is {}", kForms));
  double* const to[] = {&dimension.low, &dimension.high};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::optional<double> number = finite_number(ends[i]);
    if (!number) throw Error(fmt::format("'{}' is no finite number; a range is {}", printable(ends[i]), kForms));
    if (whole && (*number != std::floor(*number) || std::abs(*number) > kLargestWhole)) {
      throw Error(fmt::format("{} is no whole number from -2^52 to 2^52", printable(ends[i])));
    }
    *to[i] = *number;
  }
  if (dimension.low == dimension.high) throw Error("a range of no width; LOW must be below HIGH");
  if (dimension.low > dimension.high) throw Error("reversed; LOW must be below HIGH");
  if (dimension.log && !(dimension.low > 0)) {
    throw Error(fmt::format("a logarithmic range must lie above 0, and {} does not", printable(ends[0])));
  }
}

/// `PARENT=VALUE|…`, PARENT one of the dimensions before.
Condition parse_condition(std::string_view text, std::span<const Dimension> before) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) throw Error("a condition is :if:PARENT=VALUE|…");
  const std::string_view parent_name = text.substr(0, equals);
  const auto parent = std::find_if(before.begin(), before.end(), [&](const Dimension& dimension) {
    return dimension.kind == DimensionKind::choice && with_dashes(dimension.name) == with_dashes(parent_name);
  });
  if (parent == before.end()) {
    std::vector<std::string> names;
    for (const Dimension& dimension : before) {
      if (dimension.kind == DimensionKind::choice) names.push_back(dimension.name);
    }
    throw Error(fmt::format("its condition is on '{}', which is no choice that was given before{}",
                            printable(parent_name),
                            names.empty() ? "; there is none" : printable(suggest(parent_name, names))));
  }
  Condition condition{static_cast<std::size_t>(parent - before.begin()), {}};
  const bool numbers = parent->choices.front().is_number();
  for (const std::string& value : split(text.substr(equals + 1), '|')) {
    const auto found = numbers && !finite_number(value)
                           ? parent->choices.end()
                           : std::find(parent->choices.begin(), parent->choices.end(), choice_value(value, numbers));
    if (found == parent->choices.end()) {
      std::vector<std::string> known;
      for (const nlohmann::json& choice : parent->choices) known.push_back(written(choice));
      throw Error(fmt::format("its condition is on '{}', which is no choice of {}{}", printable(value),
                              printable(parent->name), printable(suggest(value, known))));
    }
    condition.choices.push_back(static_cast<std::size_t>(found - parent->choices.begin()));
  }
  std::sort(condition.choices.begin(), condition.choices.end());
  if (std::adjacent_find(condition.choices.begin(), condition.choices.end()) != condition.choices.end()) {
    throw Error("its condition has a value twice");
  }
  return condition;
}

Dimension parse_dimension(std::string_view text, std::span<const Dimension> before) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos)
    throw Error(fmt::format("no range; NAME=RANGE is needed, where RANGE is {}", kForms));
  Dimension dimension;
  dimension.name = text.substr(0, equals);
  if (dimension.name.empty()) throw Error("no name; NAME=RANGE is needed");
  for (const Dimension& other : before) {
    if (with_dashes(other.name) == with_dashes(dimension.name)) {
      throw Error(fmt::format("the name {} is there twice", printable(other.name)));
    }
  }
  std::string_view range = text.substr(equals + 1);
  const std::size_t condition = range.find(kIf);
  if (condition != std::string_view::npos) {
    dimension.condition = parse_condition(range.substr(condition + kIf.size()), before);
    range = range.substr(0, condition);
  }
  if (take_prefix(range, "choice:")) {
    dimension.kind = DimensionKind::choice;
    dimension.choices = parse_choices(range);
  } else {
    if (take_prefix(range, "int:")) dimension.kind = DimensionKind::integer;
    dimension.log = take_prefix(range, "log:");
    parse_numbers(range, dimension);
  }
  return dimension;
}

}  // namespace

std::string written(const nlohmann::json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

SearchSpace parse_space(std::span<const std::string> texts) {
  SearchSpace space;
  for (const std::string& text : texts) {
    try {
      space.dimensions.push_back(parse_dimension(text, space.dimensions));
    } catch (const Error& error) {
      throw Error(fmt::format("range '{}': {}", printable(text), error.what()));
    }
  }
  return space;
}

std::string text(const SearchSpace& space, std::size_t dimension) {
  const Dimension& d = space.dimensions[dimension];
  std::string result = d.name + "=";
  const auto add_choices = [&result](const std::vector<nlohmann::json>& choices, const auto& is_in) {
    const char* separator = "";
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (!is_in(i)) continue;
      result += separator + written(choices[i]);
      separator = "|";
    }
  };
  if (d.kind == DimensionKind::choice) {
    result += "choice:";
    add_choices(d.choices, [](std::size_t) { return true; });
  } else {
    result +=
        fmt::format("{}{}{}:{}", d.kind == DimensionKind::integer ? "int:" : "", d.log ? "log:" : "", d.low, d.high);
  }
  if (d.condition) {
    const Dimension& parent = space.dimensions[d.condition->parent];
    result += fmt::format("{}{}=", kIf, parent.name);
    add_choices(parent.choices, [&](std::size_t i) {
      return std::binary_search(d.condition->choices.begin(), d.condition->choices.end(), i);
    });
  }
  return result;
}

}  // namespace thalweg::lab
