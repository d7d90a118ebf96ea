// What the passes of a step over the elements share.
#pragma once

#include "optimizer_impl.h"
#include "threads/pool.h"

#include <cstddef>
#include <type_traits>

namespace thalweg {

/// Calls `work(chunk)` for every chunk of the plan, on its threads.
template <class F>
void for_each_chunk(const Plan& plan, F&& work) {
  parallel_for(
      plan.threads(), plan.chunks(),
      [](void* context, std::size_t chunk) { (*static_cast<std::remove_reference_t<F>*>(context))(chunk); }, &work);
}

/// The pointer moved on by some elements.
template <class Pointer>
Pointer offset(Pointer base, std::size_t elements, Precision precision) {
  using Byte = std::conditional_t<std::is_const_v<std::remove_pointer_t<Pointer>>, const std::byte, std::byte>;
  return static_cast<Byte*>(base) + elements * bytes_of(precision);
}

}  // namespace thalweg
