// Sums of squares whose bits do not depend on the instruction set.
//
// 32 running sums, whatever the vector's width, each over every 32nd element; then a fixed tree of halves. Sums are in
// double: squares of f32 neither overflow nor vanish there, and rounding does not add up.
#include "backends/backend.h"

#include <thalweg/kernels/targets.h>

#include <algorithm>
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

constexpr std::size_t kSums = 32;

using Doubles = hn::ScalableTag<double>;

HWY_INLINE hn::Vec<Doubles> load(const double* from) { return hn::LoadU(Doubles(), from); }
HWY_INLINE hn::Vec<Doubles> load(const float* from) {
  return hn::PromoteTo(Doubles(), hn::LoadU(hn::Rebind<float, Doubles>(), from));
}

/// Adds the squares of 32 elements to the 32 sums.
template <class T>
HWY_INLINE void add_squares(const T* elements, double* sums) {
  const Doubles tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t i = 0; i < kSums; i += lanes) {
    const auto x = load(elements + i);
    hn::StoreU(hn::Add(hn::LoadU(tag, sums + i), hn::Mul(x, x)), tag, sums + i);
  }
}

template <class T>
double sum_of_squares(const void* erased, std::size_t count) {
  const auto* elements = static_cast<const T*>(erased);
  HWY_ALIGN double sums[kSums] = {};
  std::size_t at = 0;
  for (; at + kSums <= count; at += kSums) add_squares(elements + at, sums);
  if (at < count) {
    HWY_ALIGN T rest[kSums] = {};
    std::memcpy(rest, elements + at, (count - at) * sizeof(T));
    add_squares(rest, sums);
  }
  for (std::size_t half = kSums / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0];
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
