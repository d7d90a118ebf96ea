// Makes the list of rules out of what each rule's struct says.
#include "rules/registry.h"

#include "rules/columns.h"

#include <thalweg/error.h>
#include <thalweg/rules.h>
#include <thalweg/suggest.h>

#include <algorithm>
#include <new>
#include <span>
#include <string>
#include <type_traits>

namespace thalweg {

#define THALWEG_DECLARE_KERNELS(Struct, file)  \
  Kernels file##_kernels(std::int64_t target); \
  namespace reference {                        \
  Kernels file##_kernels();                    \
  }
THALWEG_RULE_FILES(THALWEG_DECLARE_KERNELS)

namespace {

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

template <class R>
Rule make_rule(std::string_view family, Kernels (*cpu)(std::int64_t), Kernels (*reference)()) {
  static_assert(count_columns<R>() <= kMaxColumns);
  static_assert(sizeof(typename R::Coefficients) <= kMaxCoefficientBytes);
  static_assert(std::is_trivially_copyable_v<typename R::Coefficients>);

  Rule result;
  result.name = R::name;
  result.title = R::title;
  result.formula = R::formula;
  result.source = R::source;
  R::describe([&](std::string_view name, auto member, auto&&... rest) {
    add_option<R>(result.options, name, member, rest...);
  });
  result.columns = columns_of(R{});
  result.family = family;
  result.columns_under = [](const Options& options) { return columns_of(options.as<R>()); };
  result.coefficients = [](const Options& options, const StepNumbers& numbers, void* out) {
    new (out) typename R::Coefficients(options.as<R>().coefficients(numbers));
  };
  result.advance = nullptr;
  if constexpr (requires { R::scalars; }) {
    static_assert(R::scalars.size() <= kMaxScalars);
    result.scalars.assign(R::scalars.begin(), R::scalars.end());
    result.advance = [](const Options& options, std::int64_t step, double* scalars) {
      options.as<R>().advance(step, scalars);
    };
  }
  result.cpu = cpu;
  result.reference = reference;
  return result;
}

const std::vector<Rule>& registry() {
  static const std::vector<Rule> list = [] {
    std::vector<Rule> made;
#define THALWEG_MAKE_RULE(Struct, file) \
  made.push_back(make_rule<Struct>(#file, &file##_kernels, &reference::file##_kernels));
    THALWEG_RULE_FILES(THALWEG_MAKE_RULE)
    std::ranges::sort(made, {}, &Rule::name);
    return made;
  }();
  return list;
}

}  // namespace

const std::vector<const RuleInfo*>& rules() {
  static const std::vector<const RuleInfo*> list = [] {
    std::vector<const RuleInfo*> made;
    for (const Rule& rule : registry()) made.push_back(&rule);
    return made;
  }();
  return list;
}

const RuleInfo& rule(std::string_view name) {
  std::vector<std::string> known;
  for (const RuleInfo* info : rules()) {
    if (info->name == name) return *info;
    known.emplace_back(info->name);
  }
  throw Error("unknown rule '" + std::string(name) + "'" + suggest(name, known));
}

}  // namespace thalweg
