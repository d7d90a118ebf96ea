// The order of a tensor's elements in memory, and the way from one order to another.
#pragma once

#include <thalweg/safetensors.h>
#include <thalweg/shape.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::inline v0_1 {

/// Strides of the shape's order, also where it is row-major.
std::vector<std::int64_t> strides_of(const Shape& shape);

/// Copies elements of `bytes` each from the order of `from` to the order of `to`, two shapes of the same sizes.
void copy_in_order(const Shape& from, const Shape& to, std::size_t bytes, std::span<const std::byte> source,
                   std::byte* target);

}  // namespace thalweg::inline v0_1
