// The elements of NumPy's arrays, each as a number of its own type.
#pragma once

#include "data/npy.h"

#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace thalweg::lab {

/// IEEE 754 binary16, which C++20 has no type for.
struct Half {
  std::uint16_t bits;
};

inline float to_float(Half half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half.bits & 0x8000u) << 16;
  const std::uint32_t exponent = half.bits >> 10 & 0x1fu, fraction = half.bits & 0x3ffu;
  if (exponent == 0) {
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 0x1f ? 0xffu : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

template <class Element, class Use>
void each_element_of(const NpyArray& array, std::size_t begin, std::size_t count, const Use& use) {
  const std::uint8_t* from = array.bytes.data() + begin * sizeof(Element);
  for (std::size_t number = begin; number < begin + count; ++number, from += sizeof(Element)) {
    Element element;
    std::memcpy(&element, from, sizeof(Element));
    if constexpr (std::same_as<Element, Half>) {
      use(to_float(element), number);
    } else {
      use(element, number);
    }
  }
}

/// Calls `use(element, number)` for `count` elements from number `begin` on, in row-major order: a number of their own
/// type, of bools 0 and 1, of float16 a float.
template <class Use>
void each_element(const NpyArray& array, std::size_t begin, std::size_t count, const Use& use) {
  switch (array.type) {
    case NpyType::boolean:
    case NpyType::uint8:
      return each_element_of<std::uint8_t>(array, begin, count, use);
    case NpyType::int8:
      return each_element_of<std::int8_t>(array, begin, count, use);
    case NpyType::int16:
      return each_element_of<std::int16_t>(array, begin, count, use);
    case NpyType::uint16:
      return each_element_of<std::uint16_t>(array, begin, count, use);
    case NpyType::int32:
      return each_element_of<std::int32_t>(array, begin, count, use);
    case NpyType::uint32:
      return each_element_of<std::uint32_t>(array, begin, count, use);
    case NpyType::int64:
      return each_element_of<std::int64_t>(array, begin, count, use);
    case NpyType::uint64:
      return each_element_of<std::uint64_t>(array, begin, count, use);
    case NpyType::float16:
      return each_element_of<Half>(array, begin, count, use);
    case NpyType::float32:
      return each_element_of<float>(array, begin, count, use);
    case NpyType::float64:
      return each_element_of<double>(array, begin, count, use);
  }
}

}  // namespace thalweg::lab
