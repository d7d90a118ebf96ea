// Sums of squares of gradients, for norms.
#include "backends/backend.h"

#include <thalweg/kernels/targets.h>

#include <array>
#include <cstring>
#include <iterator>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/norm.cc"
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
  Sums sums{};
  const std::size_t whole = count / kSums * kSums, rest = count - whole;
  if (whole > 0) add_squares_wide<false>(elements, elements, whole, sums);
  if (rest > 0) {
    HWY_ALIGN T last[kSums] = {};
    std::memcpy(last, elements + whole, rest * sizeof(T));
    add_squares_wide<false>(last, last, kSums, sums);
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
