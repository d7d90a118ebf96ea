// SearchSpace: the ranges that a study's trials take their parameters from.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

enum class DimensionKind { real, integer, choice };

/// When a dimension counts: the dimension `parent`, a choice that stands before it, counts and has one of these values.
struct Condition {
  std::size_t parent = 0;
  std::vector<std::size_t> choices;  ///< indices of the parent's choices, ascending
};

/// One parameter and what it may be.
struct Dimension {
  std::string
      name;  ///< as it was given: an option of the rule, else a setting (`train-limit` and `train_limit` are one)
  DimensionKind kind = DimensionKind::real;
  bool log = false;          ///< of numbers: equal ratios are equally likely
  double low = 0, high = 0;  ///< of numbers: low < high, both allowed; whole where kind is integer
  std::vector<nlohmann::json>
      choices;  ///< numbers if all were written as numbers, else texts; two at least, none twice
  std::optional<Condition> condition = {};
};

/// One trial's parameters: a value for each dimension, in their order. Of a choice its index; nothing where the
/// dimension does not count.
using Point = std::vector<std::optional<double>>;

struct SearchSpace {
  std::vector<Dimension> dimensions;

  /// Does it count, given the values of those before it?
  bool counts(std::size_t dimension, const Point& point) const;
  /// `{"lr": 0.003, "batch": 64, "dense": "256,128"}`: what counts, by name. Integers are integers.
  nlohmann::json parameters(const Point& point) const;
  /// The other way. Throws thalweg::Error that names what is missing, too much, of a wrong type or out of its range.
  Point point(const nlohmann::json& parameters) const;
};

/// Reads a space from texts `NAME=RANGE` or `NAME=RANGE:if:PARENT=VALUE|…`, each of another name, where RANGE is
///
/// - `LOW:HIGH`, or on a logarithmic scale `log:LOW:HIGH`: real numbers;
/// - `int:LOW:HIGH`, `int:log:LOW:HIGH`: whole ones;
/// - `choice:A|B|…`: texts, or numbers if all are; they may hold `:` and `=`, as in `choice:sgd:momentum=0.9|adam`, but
///   not `:if:`.
///
/// Throws thalweg::Error that begins with `range 'TEXT'` and says what is wrong and what is allowed: no name, a name
/// twice, no range, a number that is none or not finite, a range of no width, reversed, a logarithmic one through zero
/// or below, one choice, a choice twice, a condition on what is not a choice given before (with the nearest names).
SearchSpace parse_space(std::span<const std::string> texts);

/// A parameter's value as ranges, settings and commands have it: a text as it is, a number with all its digits.
std::string written(const nlohmann::json& value);

/// The dimension as parse_space reads it.
std::string text(const SearchSpace& space, std::size_t dimension);

}  // namespace thalweg::lab
