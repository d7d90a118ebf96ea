// Rule: a rule's description together with the functions that run it, made out of what its struct says.
#pragma once

#include <thalweg/kernels/columns.h>
#include <thalweg/kernels/kernels.h>
#include <thalweg/options.h>
#include <thalweg/rule.h>

#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

namespace thalweg {

/// A rule as the engine uses it. Every RuleInfo that thalweg hands out is one of these.
struct Rule : RuleInfo {
  /// Rules of one family share their mathematics and columns, so that they can take over each other's state.
  std::string_view family;
  std::vector<ColumnInfo> (*columns_under)(const Options&);
  /// Writes the rule's coefficients, at most kMaxCoefficientBytes.
  void (*coefficients)(const Options&, const StepNumbers&, void* out);
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

template <class R>
std::vector<ColumnInfo> columns_of(const R& hyper_parameters) {
  std::vector<ColumnInfo> result;
  hyper_parameters.columns([&](std::string_view name, ColumnKind kind, bool needed, double first_value) {
    result.push_back({name, kind, needed, first_value});
  });
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
  result.columns = columns_of(R{});
  result.family = Family::name;
  result.columns_under = [](const Options& options) { return columns_of(options.as<R>()); };
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
  result.cpu = &RuleKernels<Family>::cpu;
  result.reference = &RuleKernels<Family>::reference;
  return result;
}

/// Makes a rule known to `rule`, `rules` and all that look rules up by name. It must live for ever. Throws Error if its
/// name is taken or not made of lower-case letters, digits and underscores, or if it has no option `lr`.
void add_rule(const Rule& rule);

}  // namespace thalweg
