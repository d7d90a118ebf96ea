// Rule: a rule's description together with the functions that run it, made out of what its struct says.
#pragma once

#include <thalweg/api.h>
#include <thalweg/kernels/columns.h>
#include <thalweg/kernels/kernels.h>
#include <thalweg/options.h>
#include <thalweg/rule.h>

#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace thalweg::inline v0_1 {

/// A rule as the engine uses it. Every RuleInfo that thalweg hands out is one of these.
struct Rule : RuleInfo {
  /// Rules of one family share their mathematics and columns, so that they can take over each other's state.
  std::string_view family;
  /// The columns of a parameter of this layout.
  std::vector<ColumnInfo> (*columns_under)(const Options&, const Layout&);
  /// Do columns or coefficients depend on the layout? True for every rule with sums.
  bool by_layout = false;
  /// Writes the rule's coefficients, at most kMaxCoefficientBytes.
  void (*coefficients)(const Options&, const StepNumbers&, void* out);
  /// Bit k: a parameter of this layout takes the rule's k-th sum. Null for a rule without sums.
  std::uint32_t (*sums_taken)(const Options&, const Layout&) = nullptr;
  /// From the sums of a round that one parameter takes: its small columns, its coefficients for what follows. False: it
  /// takes no step. Null for a rule without sums.
  bool (*settle)(const Options&, const Settling&, void* coefficients) = nullptr;
  /// What `gather` and `update` read in place of the small columns, after each call of `settle`. Null: the columns.
  void (*show)(const Options&, const Settling&, const std::span<double>* shown) = nullptr;
  /// From the sums over all, once: the scalars that belong to the optimizer. False: nobody takes a step. May be null.
  bool (*settle_all)(const Options&, const Settling&) = nullptr;
  std::size_t rounds = 0;
  /// Takes the scalars from the step before to `step`. Null for a rule without scalars.
  void (*advance)(const Options&, std::int64_t step, double* scalars);
  Kernels (*cpu)(std::int64_t target);
  Kernels (*reference)();
};

inline const Rule& engine_rule(const RuleInfo& info) { return static_cast<const Rule&>(info); }

/// The kernels of a rule's struct, which thalweg/kernels/compile_rule.h defines in one source.
template <class R>
struct RuleKernels {
  static Kernels cpu(std::int64_t target);
  static Kernels reference();
};

/// The rule's columns. Those that are shaped like rows or columns are there for matrices alone.
template <class R>
std::vector<ColumnInfo> columns_of(const R& hyper_parameters, const Layout& layout) {
  std::vector<ColumnInfo> result;
  const auto add = [&](std::string_view name, ColumnKind kind, bool needed, double first_value, auto... its_shape) {
    const ColumnShape shape = shape_of_column(its_shape...);
    const bool fits = layout.is_matrix() || shape == ColumnShape::parameter || shape == ColumnShape::one;
    result.push_back({name, kind, needed && fits, first_value, shape});
  };
  if constexpr (requires { hyper_parameters.columns(add, layout); }) {
    hyper_parameters.columns(add, layout);
  } else {
    hyper_parameters.columns(add);
  }
  return result;
}

template <class R>
void add_option(std::vector<OptionInfo>& options, std::string_view name, double R::*member, Range range,
                std::string_view meaning) {
  options.push_back({name, OptionType::real, R{}.*member, range, meaning});
}

template <class R>
void add_option(std::vector<OptionInfo>& options, std::string_view name, bool R::*member, std::string_view meaning) {
  options.push_back({name, OptionType::boolean, R{}.*member ? 1.0 : 0.0, between(0, 1), meaning});
}

/// What a rule with sums has beside the others.
template <class R>
void add_sums(Rule& rule) {
  static_assert(count_sums<R>() <= kMaxSums && count_rounds<R>() <= kMaxRounds, "the rule has too many sums or rounds");
  rule.sums.assign(R::sums.begin(), R::sums.end());
  rule.rounds = count_rounds<R>();
  rule.by_layout = true;
  rule.sums_taken = [](const Options& options, const Layout& layout) {
    const R hyper_parameters = options.as<R>();
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < R::sums.size(); ++k) {
      const bool of_lines = R::sums[k].scope == SumScope::rows || R::sums[k].scope == SumScope::columns;
      bool taken = layout.is_matrix() || !of_lines;
      if constexpr (requires { hyper_parameters.takes(k, layout); }) taken = taken && hyper_parameters.takes(k, layout);
      bits |= taken ? std::uint32_t{1} << k : 0;
    }
    return bits;
  };
  rule.settle = [](const Options& options, const Settling& settling, void* coefficients) {
    return options.as<R>().settle(settling, *static_cast<typename R::Coefficients*>(coefficients));
  };
  if constexpr (requires { &R::show; }) {
    rule.show = [](const Options& options, const Settling& settling, const std::span<double>* shown) {
      options.as<R>().show(settling, shown);
    };
  }
  if constexpr (requires { &R::settle_all; }) {
    rule.settle_all = [](const Options& options, const Settling& settling) {
      return options.as<R>().settle_all(settling);
    };
  }
}

/// The rule of the struct R, which shares mathematics and columns with the struct Family (mostly R itself).
template <class R, class Family>
Rule make_rule() {
  static_assert(count_columns<R>() <= kMaxColumns, "a rule has at most kMaxColumns state columns");
  static_assert(sizeof(typename R::Coefficients) <= kMaxCoefficientBytes, "the rule's coefficients are too large");
  static_assert(std::is_trivially_copyable_v<typename R::Coefficients>, "coefficients are plain numbers");

  Rule result;
  result.name = R::name;
  result.title = R::title;
  result.formula = R::formula;
  result.source = R::source;
  R::describe([&](std::string_view name, auto member, auto&&... rest) {
    add_option<R>(result.options, name, member, rest...);
  });
  result.columns = columns_of(R{}, {.elements = 4, .matrices = 1, .rows = 2, .columns = 2});
  result.family = Family::name;
  result.columns_under = [](const Options& options, const Layout& layout) {
    return columns_of(options.as<R>(), layout);
  };
  result.decays_itself = decays_itself<R>();
  if constexpr (requires { R::needs_matrix; }) result.needs_matrix = R::needs_matrix;
  if constexpr (requires { R::needs_loss; }) result.needs_loss = R::needs_loss;
  result.coefficients = [](const Options& options, const StepNumbers& numbers, void* out) {
    new (out) typename R::Coefficients(options.as<R>().coefficients(numbers));
  };
  result.advance = nullptr;
  if constexpr (requires { R::scalars; }) {
    static_assert(R::scalars.size() <= kMaxScalars, "a rule has at most kMaxScalars scalars");
    result.scalars.assign(R::scalars.begin(), R::scalars.end());
    result.advance = [](const Options& options, std::int64_t step, double* scalars) {
      options.as<R>().advance(step, scalars);
    };
  }
  if constexpr (count_sums<R>() > 0) add_sums<R>(result);
  result.cpu = &RuleKernels<Family>::cpu;
  result.reference = &RuleKernels<Family>::reference;
  return result;
}

/// Makes a rule known to `rule`, `rules` and all that look rules up by name. It must live for ever. Throws Error if its
/// name is taken or not made of lower-case letters, digits and underscores, or if it has no option `lr`.
THALWEG_API void add_rule(const Rule& rule);

}  // namespace thalweg::inline v0_1
