// Execution: how an optimizer's steps are run.
#pragma once

#include <thalweg/api.h>

#include <string>

namespace thalweg::inline v0_1 {

/// What `step` says of norms.
enum class Reporting {
  none,
  totals,      ///< norms of gradients, update and parameters
  parameters,  ///< the same for each parameter, too
};

/// How steps are run, and what they report. It changes no bit of the result, but that `reference` computes f32 in
/// double.
struct Execution {
  Reporting report = Reporting::none;
  /// Threads for a step: 0 means one per available core. Small steps stay on the caller's thread.
  int threads = 0;
  /// `auto` picks the fastest instruction set; `reference` is plain loops in double; otherwise one of `cpu_targets()`.
  std::string backend = "auto";
};

/// Throws Error if the number of threads is outside its range. The back-end is looked up where an optimizer is made.
THALWEG_API void check(const Execution& execution);

}  // namespace thalweg::inline v0_1
