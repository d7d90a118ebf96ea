// A rule's kernels. Included by the source that the build makes for each rule, once for each target: it says which rule
// by THALWEG_RULE_STRUCT, THALWEG_RULE_FILE and THALWEG_RULE_KERNELS (the name of the function that gives the kernels).
//
// No include guard: foreach_target.h includes this file repeatedly.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace thalweg::HWY_NAMESPACE {
namespace {

#include "backends/cpu/lane-inl.h"
#include "step/around-inl.h"
#include THALWEG_RULE_FILE

using Coefficients = THALWEG_RULE_STRUCT::Coefficients;

/// How far ahead of the step memory is asked for. A division and a root keep too many instructions waiting for the
/// processor to reach that far by itself: without this RMSprop and Adam ran at .87 of the loop that only reads and
/// writes (two cores of an Emerald Rapids), with it at 1.0. Half and twice the distance are within .03 of it.
constexpr std::size_t kPrefetchBytes = 2048;

/// Asks for the memory that the step `at` will need.
template <class T, std::size_t... k>
HWY_INLINE void prefetch(const T* theta, const T* gradient, T* const* columns, std::size_t at,
                         std::index_sequence<k...>) {
  hwy::Prefetch(theta + at);
  hwy::Prefetch(gradient + at);
  ((columns[k] != nullptr ? hwy::Prefetch(columns[k] + at) : void()), ...);
}

/// One vector, or part of one, `at` elements into the parameter.
template <class T, class Access, std::size_t... k>
HWY_INLINE void step_at(const Coefficients& coefficients, const Around& around, const Access access, T* theta,
                        const T* gradient, T* const* columns, std::size_t at, std::index_sequence<k...>) {
  Lane<T> point = access.load(theta + at), g = access.load(gradient + at);
  Lane<T> lanes[sizeof...(k)];
  ((lanes[k] = columns[k] != nullptr ? access.load(columns[k] + at) : Lane<T>(0.0)), ...);
  prepare(around, point, g);
  update(coefficients, point, g, lanes[k]...);
  access.store(point, theta + at);
  ((columns[k] != nullptr ? access.store(lanes[k], columns[k] + at) : void()), ...);
}

template <class T>
void run(const void* erased_coefficients, const Around& outer_around, void* erased_theta, const void* erased_gradient,
         void* const* erased_columns, std::size_t count) {
  // Copies on the stack cannot be changed by the stores below, so their broadcasts leave the loop.
  const Coefficients coefficients = *static_cast<const Coefficients*>(erased_coefficients);
  const Around around = outer_around;
  auto* theta = static_cast<T*>(erased_theta);
  const auto* gradient = static_cast<const T*>(erased_gradient);
  constexpr std::size_t kColumns = count_columns<THALWEG_RULE_STRUCT>();
  T* columns[kColumns];
  for (std::size_t k = 0; k < kColumns; ++k) columns[k] = static_cast<T*>(erased_columns[k]);

  constexpr auto kIndices = std::make_index_sequence<kColumns>();
  const std::size_t lanes = hwy::HWY_NAMESPACE::Lanes(typename Lane<T>::Tag());
  constexpr std::size_t kAhead = kPrefetchBytes / sizeof(T);
  std::size_t at = 0;
  for (; at + lanes + kAhead <= count; at += lanes) {
    prefetch(theta, gradient, columns, at + kAhead, kIndices);
    step_at(coefficients, around, Whole<T>(), theta, gradient, columns, at, kIndices);
  }
  for (; at + lanes <= count; at += lanes) {
    step_at(coefficients, around, Whole<T>(), theta, gradient, columns, at, kIndices);
  }
  if (at < count) step_at(coefficients, around, Part<T>{count - at}, theta, gradient, columns, at, kIndices);
}

Kernels kernels() { return {hwy::TargetName(HWY_TARGET), &run<float>, &run<double>}; }

}  // namespace
}  // namespace thalweg::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thalweg {
namespace {
HWY_EXPORT(kernels);
}

Kernels THALWEG_RULE_KERNELS(std::int64_t target) {
  const auto& table = HWY_DISPATCH_TABLE(kernels);
  return table[cpu::table_index(target, std::size(table))]();
}

}  // namespace thalweg
#endif
