// What a step sees of its elements while they are in the cache: sums for its report; and the sum of
// accumulated gradients. The sums' bits do not depend on the instruction set, as those of norm.cc.
#include "backends/backend.h"

#include <thalweg/kernels/targets.h>

#include <array>
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

#include "backends/cpu/squares-inl.h"

/// The same of x and of x − y in float first. False: the squares do not fit into float, and nothing was added.
HWY_INLINE bool add_squares_narrow(const float* x, const float* y, std::size_t count, Sums& of_x, Sums& of_difference) {
  using Floats = hn::ScalableTag<float>;
  constexpr std::size_t kLanes = hn::MaxLanes(Floats()), kVectors = kSums / kLanes;
  hn::Vec<Floats> first[kVectors], second[kVectors];
  for (std::size_t k = 0; k < kVectors; ++k) first[k] = second[k] = hn::Zero(Floats());
  for (std::size_t at = 0; at < count; at += kSums) {
    for (std::size_t k = 0; k < kVectors; ++k) {
      const auto number = hn::LoadU(Floats(), x + at + k * kLanes);
      const auto difference = hn::Sub(number, hn::LoadU(Floats(), y + at + k * kLanes));
      first[k] = hn::Add(first[k], hn::Mul(number, number));
      second[k] = hn::Add(second[k], hn::Mul(difference, difference));
    }
  }
  // Pieces of nothing but zeros go the other way, too.
  const auto too_small = hn::Set(Floats(), 1e-20f), too_large = hn::Set(Floats(), 1e30f);
  auto fits = hn::Lt(first[0], too_large);
  for (std::size_t k = 0; k < kVectors; ++k) {
    fits = hn::And(fits, hn::And(hn::Gt(first[k], too_small), hn::Lt(first[k], too_large)));
    fits = hn::And(fits, hn::And(hn::Gt(second[k], too_small), hn::Lt(second[k], too_large)));
  }
  if (!hn::AllTrue(Floats(), fits)) return false;
  HWY_ALIGN float narrow[kSums];
  const auto add = [&](const auto& running, Sums& sums) HWY_ATTR {
    for (std::size_t k = 0; k < kVectors; ++k) hn::Store(running[k], Floats(), narrow + k * kLanes);
    for (std::size_t i = 0; i < kSums; i += hn::Lanes(Doubles())) {
      hn::StoreU(hn::Add(hn::LoadU(Doubles(), sums.data() + i), load_wide(narrow + i)), Doubles(), sums.data() + i);
    }
  };
  add(first, of_x);
  add(second, of_difference);
  return true;
}

template <class T>
void measure(const void* erased_gradient, const void* erased_before, const void* erased_after, std::size_t count,
             bool counts_zeros, BlockSums& sums) {
  const auto *gradient = static_cast<const T*>(erased_gradient), *before = static_cast<const T*>(erased_before),
             *after = static_cast<const T*>(erased_after);
  const std::size_t whole = count / kSums * kSums;
  add_squares<false>(gradient, gradient, count, sums.gradient);
  std::size_t added = 0;
  if constexpr (sizeof(T) == sizeof(float)) {
    if (whole > 0 && add_squares_narrow(after, before, whole, sums.parameter, sums.update)) added = whole;
  }
  add_squares<true>(after + added, before + added, count - added, sums.update);
  add_squares<false>(after + added, after + added, count - added, sums.parameter);
  if (!counts_zeros) return;
  const hn::ScalableTag<T> tag;
  for (std::size_t at = 0; at < whole; at += hn::Lanes(tag)) {
    sums.zeros += hn::CountTrue(tag, hn::Eq(hn::LoadU(tag, gradient + at), hn::Zero(tag)));
  }
  for (std::size_t i = whole; i < count; ++i) sums.zeros += gradient[i] == 0 ? 1 : 0;
}

BlockTotals totals(BlockSums& sums) { return {total(sums.gradient), total(sums.update), total(sums.parameter)}; }

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

MeasureKernels kernels() { return {&measure<float>, &measure<double>, &totals, &add_to<float>, &add_to<double>}; }

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
