// Sums of squares of gradients, for norms. Their bits do not depend on the instruction set.
//
// 32 running sums, whatever the vector's width, each over every 32nd element; then a fixed tree of halves. Sums are in
// double: squares of f32 neither overflow nor vanish there, and rounding does not add up.
#include "backends/backend.h"

#include <thalweg/kernels/targets.h>

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

using Doubles = hn::ScalableTag<double>;

/// How far ahead memory is asked for: the processor does not reach far enough by itself where squares are summed in
/// double.
constexpr std::size_t kAheadBytes = 4096;

/// sum + x². The square of a float is exact in double, where adding it at once rounds as adding it afterwards does.
HWY_INLINE hn::Vec<Doubles> add_square(hn::Vec<Doubles> sum, const float* from) {
  const auto x = hn::PromoteTo(Doubles(), hn::LoadU(hn::Rebind<float, Doubles>(), from));
  return hn::MulAdd(x, x, sum);
}
HWY_INLINE hn::Vec<Doubles> add_square(hn::Vec<Doubles> sum, const double* from) {
  const auto x = hn::LoadU(Doubles(), from);
  return hn::Add(sum, hn::Mul(x, x));
}

/// The tree of halves, which changes the sums.
HWY_INLINE double total(double* sums) {
  const std::size_t lanes = hn::Lanes(Doubles());
  std::size_t half = kSumLanes / 2;
  for (; half >= lanes; half /= 2) {
    for (std::size_t i = 0; i < half; i += lanes) {
      const auto sum = hn::Add(hn::Load(Doubles(), sums + i), hn::LoadU(Doubles(), sums + i + half));
      hn::Store(sum, Doubles(), sums + i);
    }
  }
  for (; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0];
}

template <class T>
double sum_of_squares(const void* erased, std::size_t count) {
  const auto* elements = static_cast<const T*>(erased);
  constexpr std::size_t kLanes = hn::MaxLanes(Doubles()), kVectors = kSumLanes / kLanes;
  hn::Vec<Doubles> running[kVectors];  // side by side, for one sum alone waits for its last addition
  for (auto& sums : running) sums = hn::Zero(Doubles());
  const auto add_group = [&](const T* group) HWY_ATTR {
    for (std::size_t k = 0; k < kVectors; ++k) running[k] = add_square(running[k], group + k * kLanes);
  };
  const std::size_t rest = count % kSumLanes;
  for (std::size_t at = 0; at < count - rest; at += kSumLanes) {
    for (std::size_t line = 0; line < kSumLanes; line += 64 / sizeof(T)) {
      hwy::Prefetch(elements + at + kAheadBytes / sizeof(T) + line);
    }
    add_group(elements + at);
  }
  if (rest > 0) {  // and zeros
    HWY_ALIGN T last[kSumLanes] = {};
    std::memcpy(last, elements + count - rest, rest * sizeof(T));
    add_group(last);
  }
  HWY_ALIGN double sums[kSumLanes];
  for (std::size_t k = 0; k < kVectors; ++k) hn::Store(running[k], Doubles(), sums + k * kLanes);
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
