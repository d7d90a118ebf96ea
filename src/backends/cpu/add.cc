// The sum of accumulated gradients.
#include "backends/backend.h"

#include <thalweg/kernels/targets.h>

#include <cstring>
#include <iterator>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/add.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace thalweg::inline v0_1::HWY_NAMESPACE {
namespace {

#include <thalweg/kernels/lane-inl.h>

template <class T>
void add_to(const void* erased_from, void* erased_to, std::size_t count) {
  const auto* from = static_cast<const T*>(erased_from);
  auto* to = static_cast<T*>(erased_to);
  const std::size_t lanes = Whole<T>::count();
  std::size_t at = 0;
  const auto add = [&](const auto access)
                       HWY_ATTR { access.store(access.load(to + at) + access.load(from + at), to + at); };
  for (; at + lanes <= count; at += lanes) add(Whole<T>());
  if (at < count) add(Part<T>{count - at});
}

AddKernels kernels() { return {&add_to<float>, &add_to<double>}; }

}  // namespace
}  // namespace thalweg::inline v0_1::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thalweg::inline v0_1::cpu {
namespace {
HWY_EXPORT(kernels);
}

AddKernels add_kernels(std::int64_t target) {
  const auto& table = HWY_DISPATCH_TABLE(kernels);
  return table[table_index(target, std::size(table))]();
}

}  // namespace thalweg::inline v0_1::cpu
#endif
