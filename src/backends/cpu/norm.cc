// Sums of squares of gradients, for norms.
#include "backends/backend.h"

#include <thalweg/kernels/targets.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/norm.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace thalweg::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#include "backends/cpu/squares-inl.h"

template <class T>
double sum_of_squares(const void* erased, std::size_t count) {
  const auto* elements = static_cast<const T*>(erased);
  constexpr std::size_t kAhead = 4096 / sizeof(T);
  Sums sums{};
  for (std::size_t at = 0; at < count; at += kAhead) {
    // The processor does not reach far enough ahead by itself where squares are summed in double.
    for (std::size_t line = 0; line < kAhead; line += 64 / sizeof(T)) hwy::Prefetch(elements + at + kAhead + line);
    add_squares<false>(elements + at, elements + at, std::min(kAhead, count - at), sums);
  }
  return total(sums);
}

NormKernels kernels() { return {&sum_of_squares<float>, &sum_of_squares<double>}; }

}  // namespace
}  // namespace thalweg::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thalweg::cpu {
namespace {
HWY_EXPORT(kernels);
}

NormKernels norm_kernels(std::int64_t target) {
  const auto& table = HWY_DISPATCH_TABLE(kernels);
  return table[table_index(target, std::size(table))]();
}

}  // namespace thalweg::cpu
#endif
