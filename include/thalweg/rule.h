// What a rule says about itself: hyper-parameters, state columns, scalars. Rules are in thalweg/rules/.
#pragma once

#include <thalweg/api.h>
#include <thalweg/shape.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::inline v0_1 {

/// An interval of allowed values.
struct THALWEG_API Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool high_open = true;
  bool low_open = false;

  /// Is `value` a number inside the interval? NaN never is; infinities only where the interval holds them.
  constexpr bool contains(double value) const {
    return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
  }
  /// The interval as mathematics writes it: `[0, 1)`.
  std::string text() const;
};

/// [low, ∞).
constexpr Range at_least(double low) { return {low, std::numeric_limits<double>::infinity(), true}; }
/// (low, ∞).
constexpr Range above(double low) {
  return {.low = low, .high = std::numeric_limits<double>::infinity(), .high_open = true, .low_open = true};
}
/// [low, high).
constexpr Range from_below(double low, double high) { return {low, high, true}; }
/// [low, high].
constexpr Range between(double low, double high) { return {low, high, false}; }

/// How a state column may be stored and rounded.
enum class ColumnKind {
  average,         ///< running mean: may be narrow, with stochastic rounding
  second_moment,   ///< running mean of squares: as √v or with block scales, never plain f16
  maximum,         ///< running maximum: rounds to nearest (stochastic rounding would ratchet it upward)
  parameter_like,  ///< at least the parameter's own precision
  sign,            ///< only the sign matters
};

/// The kind's name: `average`, `second moment`, ….
THALWEG_API std::string_view to_string(ColumnKind kind);

enum class OptionType { real, boolean };

/// One hyper-parameter of a rule.
struct OptionInfo {
  std::string_view name;
  OptionType type = OptionType::real;
  double default_value = 0;  ///< 0 or 1 for a boolean
  Range range;
  std::string_view meaning;
};

/// How many elements a state column has.
enum class ColumnShape {
  parameter,  ///< as the parameter
  rows,       ///< one for each row of each of its matrices
  columns,    ///< one for each column of each of its matrices
  one,        ///< one number
};

/// `parameter`, `rows`, `columns` or `one`.
THALWEG_API std::string_view to_string(ColumnShape shape);

/// Elements of a column of this shape.
THALWEG_API std::uint64_t elements_of(ColumnShape shape, const Layout& layout);

/// One state column of a rule under given options.
///
/// Columns that are shaped like the parameter are the step's: `update` reads and writes them. The others are small:
/// `settle` alone writes them, from sums, and `gather` and `update` read them, or what `show` makes of them for that.
struct ColumnInfo {
  std::string_view name;
  ColumnKind kind = ColumnKind::average;
  bool needed = false;     ///< do these options use it?
  double first_value = 0;  ///< value of every element before the first step
  ColumnShape shape = ColumnShape::parameter;
};

/// What a scalar belongs to.
enum class ScalarOwner {
  parameter,  ///< each parameter has its own (with StepCount::shared: each group)
  optimizer,  ///< one for all parameters under this rule and its family
};

/// One number that a rule keeps beside its step count.
struct ScalarInfo {
  std::string_view name;
  double first_value = 0;
  Range range = {};  ///< what it can become; a state that says otherwise is refused
  ScalarOwner owner = ScalarOwner::parameter;
};

/// What a sum runs over.
enum class SumScope {
  all,      ///< all elements of all parameters under this rule and its family
  tensor,   ///< the parameter's elements
  rows,     ///< each row of each of the parameter's matrices
  columns,  ///< each column of each of the parameter's matrices
};

/// One sum that a step takes before it updates. Sums of one round are taken in one pass.
struct SumInfo {
  SumScope scope = SumScope::tensor;
  std::size_t round = 0;  ///< rounds follow each other: `gather` of the next sees what `settle` has made of this one
};

/// What a step knows beside the options when its coefficients are computed.
struct StepNumbers {
  std::int64_t step = 1;                                   ///< counts from 1
  const double* scalars = nullptr;                         ///< the rule's scalars, already advanced to this step
  std::uint32_t columns_begun = 0;                         ///< bit k: an earlier step has used the rule's k-th column
  Layout layout = {};                                      ///< of the parameter; given to rules that have sums alone
  double loss = std::numeric_limits<double>::quiet_NaN();  ///< given to rules that ask for it

  /// Is this the first step that uses the rule's k-th column? It may come late: momentum can be switched on at any
  /// time.
  constexpr bool begins(std::size_t k) const { return (columns_begun >> k & 1) == 0; }
};

/// What `settle` is given: the sums of one round, and what it may change.
struct Settling {
  std::size_t round = 0;
  StepNumbers numbers;
  const std::span<const double>* sums = nullptr;  ///< by the rule's sums: one number, or one for each row or column
  const std::span<double>* columns = nullptr;     ///< by the rule's columns: its small ones; the others are empty
  double* scalars = nullptr;                      ///< the rule's scalars
  double smallest_normal = 0;  ///< of the parameter's type, to which columns are rounded: what decays becomes 0 below

  /// The rule's k-th sum where it is one number.
  double sum(std::size_t k) const { return sums[k][0]; }
  /// Is the rule's k-th sum taken?
  bool has_sum(std::size_t k) const { return !sums[k].empty(); }
  /// 0 where |x| is below the smallest normal number; NaN stays.
  double normal_or_zero(double x) const { return x < smallest_normal && x > -smallest_normal ? 0 : x; }
};

/// A rule's description, as `thalweg rules` prints it. Lives for ever; compare by address.
struct THALWEG_API RuleInfo {
  std::string_view name;     ///< lower case: `rmsprop`
  std::string_view title;    ///< one line
  std::string_view formula;  ///< several lines
  std::string_view source;   ///< paper, equation
  std::vector<OptionInfo> options;
  std::vector<ColumnInfo> columns;  ///< under default options
  std::vector<ScalarInfo> scalars;
  std::vector<SumInfo> sums;   ///< that a step takes before it updates; none for most rules
  bool needs_loss = false;     ///< must `step` be given the loss?
  bool needs_matrix = false;   ///< can it step matrices alone?
  bool decays_itself = false;  ///< is weight decay part of its formula, so that none is done around it?

  /// Index of the option, or -1.
  int find_option(std::string_view option) const;
};

/// Every rule, sorted by name.
THALWEG_API std::vector<const RuleInfo*> rules();

/// The rule of this name. Throws Error that suggests the nearest names.
THALWEG_API const RuleInfo& rule(std::string_view name);

}  // namespace thalweg::inline v0_1
