// Chooses the back-end of an optimizer.
#include "backends/backend.h"

#include "backends/cpu/targets.h"

namespace thalweg {

Backend make_backend(const Rule& rule, std::string_view name) {
  const bool reference = name == "reference";
  // Norms have the same bits everywhere, so the reference takes them from the fastest target.
  const std::int64_t target = cpu::find_target(reference ? "auto" : name);
  const cpu::NormKernels norms = cpu::norm_kernels(target);
  return {reference ? rule.reference() : rule.cpu(target), norms.f32, norms.f64};
}

}  // namespace thalweg
