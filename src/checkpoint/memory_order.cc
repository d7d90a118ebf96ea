// The order of a tensor's elements in memory, and the way from one order to another.
#include "checkpoint/memory_order.h"

#include <algorithm>
#include <cstring>

namespace thalweg::inline v0_1 {

std::vector<std::int64_t> strides_of(const Shape& shape) {
  if (!shape.strides.empty()) return shape.strides;
  std::vector<std::int64_t> strides(shape.sizes.size());
  std::int64_t stride = 1;
  for (std::size_t i = strides.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape.sizes[i];
  }
  return strides;
}

void copy_in_order(const Shape& from, const Shape& to, std::size_t bytes, std::span<const std::byte> source,
                   std::byte* target) {
  if (source.empty()) return;
  const std::vector<std::int64_t> reads = strides_of(from), writes = strides_of(to);
  const std::vector<std::int64_t>& sizes = from.sizes;
  if (reads == writes) {
    std::memcpy(target, source.data(), source.size());
    return;
  }
  std::vector<std::int64_t> at(sizes.size(), 0);
  const auto count = static_cast<std::size_t>(from.elements());
  std::size_t read = 0, write = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(target + write * bytes, source.data() + read * bytes, bytes);
    for (std::size_t k = sizes.size(); k-- > 0;) {
      read += static_cast<std::size_t>(reads[k]);
      write += static_cast<std::size_t>(writes[k]);
      if (++at[k] < sizes[k]) break;
      read -= static_cast<std::size_t>(reads[k] * sizes[k]);
      write -= static_cast<std::size_t>(writes[k] * sizes[k]);
      at[k] = 0;
    }
  }
}

}  // namespace thalweg::inline v0_1
