// Sums of squares of gradients, for norms: kernels/lanes32-inl.h says how.
#include "backends/backend.h"

#include <thalweg/kernels/targets.h>

#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/norm.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace thalweg::inline v0_1::HWY_NAMESPACE {
namespace {

#include <thalweg/kernels/lane-inl.h>
#include <thalweg/kernels/lanes32-inl.h>

/// How far ahead memory is asked for: the processor does not reach far enough by itself where squares are summed in
/// double.
constexpr std::size_t kAheadBytes = 4096;

template <class T>
double sum_of_squares(const void* erased, std::size_t count) {
  const auto* elements = static_cast<const T*>(erased);
  Lanes32 sums;
  const std::size_t rest = count % kSumLanes;
  for (std::size_t at = 0; at < count - rest; at += kSumLanes) {
    for (std::size_t line = 0; line < kSumLanes; line += 64 / sizeof(T)) {
      hwy::Prefetch(elements + at + kAheadBytes / sizeof(T) + line);
    }
    sums.add_squares<kSumLanes>(0, elements + at);
  }
  if (rest > 0) {  // and zeros
    HWY_ALIGN T last[kSumLanes] = {};
    std::memcpy(last, elements + count - rest, rest * sizeof(T));
    sums.add_squares<kSumLanes>(0, last);
  }
  return sums.total();
}

NormKernels kernels() { return {&sum_of_squares<float>, &sum_of_squares<double>}; }

}  // namespace
}  // namespace thalweg::inline v0_1::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thalweg::inline v0_1::cpu {
namespace {
HWY_EXPORT(kernels);
}

NormKernels norm_kernels(std::int64_t target) {
  const auto& table = HWY_DISPATCH_TABLE(kernels);
  return table[table_index(target, std::size(table))]();
}

}  // namespace thalweg::inline v0_1::cpu
#endif
