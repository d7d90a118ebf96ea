// Precision: the element type of a parameter and of its state.
#pragma once

#include <thalweg/kernels/kernels.h>
#include <thalweg/safetensors.h>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace thalweg::inline v0_1 {

using Precision = Storage;

inline std::size_t bytes_of(Precision precision) {
  return precision == Precision::f32 ? sizeof(float) : sizeof(double);
}
inline safetensors::Dtype dtype_of(Precision precision) {
  return precision == Precision::f32 ? safetensors::Dtype::F32 : safetensors::Dtype::F64;
}
inline const char* name_of(Precision precision) { return precision == Precision::f32 ? "f32" : "f64"; }
template <class T>
constexpr Precision kPrecisionOf = std::is_same_v<T, float> ? Precision::f32 : Precision::f64;

/// The pointer moved on by some elements.
template <class Pointer>
Pointer offset(Pointer base, std::size_t elements, Precision precision) {
  using Byte = std::conditional_t<std::is_const_v<std::remove_pointer_t<Pointer>>, const std::byte, std::byte>;
  return static_cast<Byte*>(base) + elements * bytes_of(precision);
}

/// One element as a number, read and written.
inline double get(const void* elements, std::size_t index, Precision precision) {
  return precision == Precision::f32 ? double{static_cast<const float*>(elements)[index]}
                                     : static_cast<const double*>(elements)[index];
}
inline void put(void* elements, std::size_t index, Precision precision, double value) {
  if (precision == Precision::f32) {
    static_cast<float*>(elements)[index] = static_cast<float>(value);
  } else {
    static_cast<double*>(elements)[index] = value;
  }
}

/// Gives the first elements this value.
inline void fill_elements(void* elements, std::size_t count, Precision precision, double value) {
  if (precision == Precision::f32) {
    std::fill_n(static_cast<float*>(elements), count, static_cast<float>(value));
  } else {
    std::fill_n(static_cast<double*>(elements), count, value);
  }
}

}  // namespace thalweg::inline v0_1
