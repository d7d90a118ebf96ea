// Chooses the back-end of an optimizer.
#include "backends/backend.h"

#include "backends/cpu/targets.h"

namespace thalweg::inline v0_1 {
namespace {

constexpr std::string_view kReference = "reference";

/// Norms have the same bits everywhere, so the reference takes them from the fastest target.
std::int64_t target_of(std::string_view name) { return cpu::find_target(name == kReference ? "auto" : name); }

}  // namespace

Backend make_backend(std::string_view name) {
  const std::int64_t target = target_of(name);
  return {cpu::norm_kernels(target), name == kReference ? reference::average_kernels() : cpu::average_kernels(target),
          cpu::add_kernels(target)};
}

Kernels rule_kernels(const Rule& rule, std::string_view name) {
  return name == kReference ? rule.reference() : rule.cpu(target_of(name));
}

}  // namespace thalweg::inline v0_1
