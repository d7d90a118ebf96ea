// SearchSpace: which dimensions count, and points as parameters and back.
#include "search/space.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg::lab {
namespace {

[[noreturn]] void refuse(const Dimension& dimension, const nlohmann::json& value, const std::string& allowed) {
  throw Error(fmt::format("{} = {} is not allowed: {}", printable(dimension.name),
                          printable(value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)), allowed));
}

double number_in_range(const Dimension& dimension, const nlohmann::json& value) {
  const bool whole = dimension.kind == DimensionKind::integer;
  const std::string allowed =
      fmt::format("a {}number from {} to {}", whole ? "whole " : "", dimension.low, dimension.high);
  if (whole ? !value.is_number_integer() : !value.is_number()) refuse(dimension, value, allowed);
  const double number = value.get<double>();
  if (!(number >= dimension.low && number <= dimension.high)) refuse(dimension, value, allowed);
  return number;
}

double index_of_choice(const Dimension& dimension, const nlohmann::json& value) {
  const auto found = std::find(dimension.choices.begin(), dimension.choices.end(), value);
  if (found == dimension.choices.end()) {
    std::string allowed;
    for (const nlohmann::json& choice : dimension.choices) {
      allowed += (allowed.empty() ? "one of " : ", ") + choice.dump();
    }
    refuse(dimension, value, printable(allowed));
  }
  return static_cast<double>(found - dimension.choices.begin());
}

}  // namespace

bool SearchSpace::counts(std::size_t dimension, const Point& point) const {
  const std::optional<Condition>& condition = dimensions[dimension].condition;
  if (!condition) return true;
  const std::optional<double>& choice = point[condition->parent];
  return choice && counts(condition->parent, point) &&
         std::binary_search(condition->choices.begin(), condition->choices.end(), static_cast<std::size_t>(*choice));
}

nlohmann::json SearchSpace::parameters(const Point& point) const {
  nlohmann::json parameters = nlohmann::json::object();
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    if (!counts(d, point)) continue;
    const Dimension& dimension = dimensions[d];
    const double value = point[d].value();
    nlohmann::json& parameter = parameters[dimension.name];
    switch (dimension.kind) {
      case DimensionKind::real:
        parameter = value;
        break;
      case DimensionKind::integer:
        parameter = static_cast<std::int64_t>(value);
        break;
      case DimensionKind::choice:
        parameter = dimension.choices[static_cast<std::size_t>(value)];
        break;
    }
  }
  return parameters;
}

Point SearchSpace::point(const nlohmann::json& parameters) const {
  if (!parameters.is_object()) throw Error("parameters are no object of names and values");
  Point point(dimensions.size());
  std::vector<std::string> names;
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    const Dimension& dimension = dimensions[d];
    const auto found = parameters.find(dimension.name);
    if (!counts(d, point)) {
      if (found == parameters.end()) continue;
      throw Error(fmt::format("parameter {} is given, though it does not count: {} has another value",
                              printable(dimension.name), printable(dimensions[dimension.condition->parent].name)));
    }
    names.push_back(dimension.name);
    if (found == parameters.end()) throw Error(fmt::format("parameter {} is missing", printable(dimension.name)));
    point[d] = dimension.kind == DimensionKind::choice ? index_of_choice(dimension, *found)
                                                       : number_in_range(dimension, *found);
  }
  for (const auto& [name, value] : parameters.items()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw Error(fmt::format("unknown parameter '{}'{}", printable(name), printable(suggest(name, names))));
    }
  }
  return point;
}

}  // namespace thalweg::lab
