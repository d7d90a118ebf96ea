// Averages of parameters that take no step themselves.
#include "backends/backend.h"

#include <thalweg/kernels/around.h>
#include <thalweg/kernels/targets.h>

#include <cstring>
#include <iterator>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/average.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace thalweg::inline v0_1::HWY_NAMESPACE {
namespace {

#include <thalweg/kernels/around-inl.h>
#include <thalweg/kernels/lane-inl.h>

template <class T, class Access>
HWY_INLINE void average_at(const Around& around, const Access access, T* theta, T* average) {
  Lane<T> point = access.load(theta), mean = access.load(average);
  take_average(around, point, mean);
  access.store(point, theta);
  access.store(mean, average);
}

template <class T>
void run(const Around& outer_around, void* erased_theta, void* erased_average, std::size_t count) {
  const Around around = outer_around;
  auto *theta = static_cast<T*>(erased_theta), *average = static_cast<T*>(erased_average);
  const std::size_t lanes = Whole<T>::count();
  std::size_t at = 0;
  for (; at + lanes <= count; at += lanes) average_at(around, Whole<T>(), theta + at, average + at);
  if (at < count) average_at(around, Part<T>{count - at}, theta + at, average + at);
}

AverageKernels average_kernels() { return {&run<float>, &run<double>}; }

}  // namespace
}  // namespace thalweg::inline v0_1::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thalweg::inline v0_1 {
namespace {
HWY_EXPORT(average_kernels);
}

namespace cpu {

AverageKernels average_kernels(std::int64_t target) {
  const auto& table = HWY_DISPATCH_TABLE(average_kernels);
  return table[table_index(target, std::size(table))]();
}

}  // namespace cpu
}  // namespace thalweg::inline v0_1
#endif
