// What a step sees of its elements while they are in the cache: sums for its report, what is not finite; and the sum of
// accumulated gradients. The sums' bits do not depend on the instruction set, as those of norm.cc.
#include "backends/backend.h"

#include <thalweg/kernels/targets.h>

#include <cstring>
#include <iterator>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/measure.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace thalweg::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#include <thalweg/kernels/lane-inl.h>

constexpr std::size_t kSums = 32;

using Doubles = hn::ScalableTag<double>;

HWY_INLINE hn::Vec<Doubles> load(const double* from) { return hn::LoadU(Doubles(), from); }
HWY_INLINE hn::Vec<Doubles> load(const float* from) {
  return hn::PromoteTo(Doubles(), hn::LoadU(hn::Rebind<float, Doubles>(), from));
}

HWY_INLINE void add_square(hn::Vec<Doubles> x, double* sum) {
  hn::StoreU(hn::Add(hn::LoadU(Doubles(), sum), hn::Mul(x, x)), Doubles(), sum);
}

/// 32 elements.
template <class T>
HWY_INLINE void measure_some(const T* gradient, const T* before, const T* after, BlockSums& sums) {
  const std::size_t lanes = hn::Lanes(Doubles());
  for (std::size_t i = 0; i < kSums; i += lanes) {
    const auto g = load(gradient + i), theta = load(after + i);
    add_square(g, sums.gradient.data() + i);
    add_square(hn::Sub(theta, load(before + i)), sums.update.data() + i);
    add_square(theta, sums.parameter.data() + i);
    sums.zeros += hn::CountTrue(Doubles(), hn::Eq(g, hn::Zero(Doubles())));
  }
}

template <class T>
void measure(const void* erased_gradient, const void* erased_before, const void* erased_after, std::size_t count,
             BlockSums& sums) {
  const auto *gradient = static_cast<const T*>(erased_gradient), *before = static_cast<const T*>(erased_before),
             *after = static_cast<const T*>(erased_after);
  std::size_t at = 0;
  for (; at + kSums <= count; at += kSums) measure_some(gradient + at, before + at, after + at, sums);
  if (at == count) return;
  const std::size_t rest = count - at;
  HWY_ALIGN T last[3][kSums] = {};
  std::memcpy(last[0], gradient + at, rest * sizeof(T));
  std::memcpy(last[1], before + at, rest * sizeof(T));
  std::memcpy(last[2], after + at, rest * sizeof(T));
  measure_some(last[0], last[1], last[2], sums);
  sums.zeros -= kSums - rest;
}

/// A difference with itself is 0, but of an infinity or a NaN it is NaN, which then stays.
template <class T>
bool has_non_finite(const void* erased, std::size_t count) {
  const auto* elements = static_cast<const T*>(erased);
  const hn::ScalableTag<T> tag;
  const std::size_t lanes = hn::Lanes(tag);
  auto first = hn::Zero(tag), second = hn::Zero(tag);
  std::size_t at = 0;
  for (; at + 2 * lanes <= count; at += 2 * lanes) {
    const auto a = hn::LoadU(tag, elements + at), b = hn::LoadU(tag, elements + at + lanes);
    first = hn::Add(first, hn::Sub(a, a));
    second = hn::Add(second, hn::Sub(b, b));
  }
  for (; at + lanes <= count; at += lanes) {
    const auto a = hn::LoadU(tag, elements + at);
    first = hn::Add(first, hn::Sub(a, a));
  }
  if (at < count) {
    const auto rest = Part<T>{count - at}.load(elements + at).raw;
    second = hn::Add(second, hn::Sub(rest, rest));
  }
  return !hn::AllTrue(tag, hn::Eq(hn::Add(first, second), hn::Zero(tag)));
}

template <class T>
void add_to(const void* erased_from, void* erased_to, std::size_t count) {
  const auto* from = static_cast<const T*>(erased_from);
  auto* to = static_cast<T*>(erased_to);
  const std::size_t lanes = Whole<T>::count();
  std::size_t at = 0;
  const auto add = [&](const auto access) { access.store(access.load(to + at) + access.load(from + at), to + at); };
  for (; at + lanes <= count; at += lanes) add(Whole<T>());
  if (at < count) add(Part<T>{count - at});
}

MeasureKernels kernels() {
  return {&measure<float>,         &measure<double>, &has_non_finite<float>,
          &has_non_finite<double>, &add_to<float>,   &add_to<double>};
}

}  // namespace
}  // namespace thalweg::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thalweg::cpu {
namespace {
HWY_EXPORT(kernels);
}

MeasureKernels measure_kernels(std::int64_t target) {
  const auto& table = HWY_DISPATCH_TABLE(kernels);
  return table[table_index(target, std::size(table))]();
}

}  // namespace thalweg::cpu
#endif
