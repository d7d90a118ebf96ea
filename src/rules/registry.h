// The registry: every rule's description together with the functions that run it.
#pragma once

#include "backends/kernels.h"

#include <thalweg/options.h>
#include <thalweg/rule.h>

#include <cstdint>
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

}  // namespace thalweg
