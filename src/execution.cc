// Execution: its range.
#include <thalweg/error.h>
#include <thalweg/execution.h>

#include <string>

namespace thalweg::inline v0_1 {

void check(const Execution& execution) {
  if (execution.threads >= 0) return;
  throw Error("settings: threads = " + std::to_string(execution.threads) + " is outside [0, ∞)");
}

}  // namespace thalweg::inline v0_1
