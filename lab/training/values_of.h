// values_of: a tensor's elements as a span.
#pragma once

#include <torch/types.h>

#include <cstddef>
#include <span>

namespace thalweg::lab {

/// Of a contiguous tensor with elements of T, which must outlive it.
template <class T>
std::span<T> values_of(const torch::Tensor& tensor) {
  TORCH_INTERNAL_ASSERT_DEBUG_ONLY(tensor.is_contiguous());
  return {tensor.data_ptr<T>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace thalweg::lab
