// Whether a shape can be one. Each throws Error that begins with `what`.
#pragma once

#include <thalweg/shape.h>

#include <string>

namespace thalweg::inline v0_1 {

/// Sizes are at least 0, and a shard lies within its parameter.
void check_sizes(const Shape& shape, const std::string& what);

/// Strides leave no gaps between elements and let none overlap. Without elements they mean nothing.
void check_strides(const Shape& shape, const std::string& what);

}  // namespace thalweg::inline v0_1
