// Chooses the back-end of an optimizer.
#include "backends/backend.h"

#include "backends/cpu/targets.h"

namespace thalweg {

Backend make_backend(const Rule& rule, std::string_view name) {
  const bool reference = name == "reference";
  // Norms have the same bits everywhere, so the reference takes them from the fastest target.
  const std::int64_t target = cpu::find_target(reference ? "auto" : name);
  return {reference ? rule.reference() : rule.cpu(target), cpu::norm_kernels(target),
          reference ? reference::average_kernels() : cpu::average_kernels(target)};
}

}  // namespace thalweg
