// What a back-end gives for a rule: functions over contiguous elements.
#pragma once

#include <thalweg/kernels/around.h>

#include <cstddef>
#include <string_view>

namespace thalweg {

/// State columns that a rule may have.
inline constexpr std::size_t kMaxColumns = 6;
/// Scalars that a rule may have.
inline constexpr std::size_t kMaxScalars = 2;
/// Bytes that a rule's coefficients may take.
inline constexpr std::size_t kMaxCoefficientBytes = 160;

/// Where a step's elements are. A column that is not in use is null, and so is `average` if none is taken. Nothing
/// overlaps; nothing need be aligned beyond its element type.
struct Streams {
  void* theta = nullptr;
  const void* gradient = nullptr;
  void* const* columns = nullptr;
  void* average = nullptr;
};

/// One step of `count` elements. `coefficients` points to the rule's own struct.
using Update = void (*)(const void* coefficients, const Around& around, const Streams& streams, std::size_t count);

/// A rule's steps, compiled for one target.
struct Kernels {
  std::string_view target;
  Update f32 = nullptr, f64 = nullptr;
};

}  // namespace thalweg
