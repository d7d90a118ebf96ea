// Elements: what may be handed over as a parameter or a gradient, as a span over its memory.
#pragma once

#include <thalweg/error.h>

#include <concepts>
#include <cstddef>
#include <ranges>
#include <span>
#include <type_traits>

namespace thalweg::inline v0_1 {

/// The types of a parameter's elements.
template <class T>
concept Element = std::same_as<T, float> || std::same_as<T, double>;

/// One after another in memory: standard ranges (vectors, arrays, spans), and what has `data()` and `size()`, as
/// vectors, matrices and maps of Eigen have.
template <class Range>
concept InMemory = std::ranges::contiguous_range<Range> || requires(Range& range) {
  *range.data();
  requires std::is_pointer_v<std::remove_cvref_t<decltype(range.data())>>;
  { range.size() } -> std::convertible_to<std::size_t>;
};

/// A span over all elements in the order of their memory, which says nothing of rows and columns. Throws Error for a
/// view of Eigen that leaves elements out (a row of a matrix, …).
template <InMemory Range>
auto elements_of(Range& range) {
  if constexpr (std::ranges::contiguous_range<Range>) {
    return std::span(std::ranges::data(range), static_cast<std::size_t>(std::ranges::size(range)));
  } else {
    if constexpr (requires { range.innerStride() + range.outerStride() + range.innerSize() + range.outerSize(); }) {
      if ((range.innerSize() > 1 && range.innerStride() != 1) ||
          (range.outerSize() > 1 && range.outerStride() != range.innerSize())) {
        throw_error("the elements do not lie one after another in memory: copy them into a vector first");
      }
    }
    return std::span(range.data(), static_cast<std::size_t>(range.size()));
  }
}

/// The elements, to be read or written. What cannot be is told at compile time, in one line that says what to write.
template <class Range>
auto parameter_elements(Range&& range) {
  using Memory = std::remove_reference_t<Range>;
  if constexpr (!InMemory<Memory>) {
    static_assert(InMemory<Memory>,
                  "thalweg: a parameter is a range of float or double in memory: std::vector<float>, "
                  "std::span(pointer, count), an Eigen vector, ...; tensors of LibTorch have thalweg::libtorch");
    return std::span<float>();
  } else {
    using T = typename decltype(elements_of(range))::element_type;
    static_assert(std::is_lvalue_reference_v<Range> || std::ranges::borrowed_range<Memory>,
                  "thalweg: the parameter is a temporary, gone before the first step: keep it in a variable");
    static_assert(!std::is_const_v<T>,
                  "thalweg: the parameter is const, but steps write to it: hand over the vector that is not const");
    static_assert(Element<std::remove_const_t<T>>, "thalweg: a parameter's elements are float or double");
    if constexpr (Element<T>) {
      return elements_of(range);
    } else {
      return std::span<float>();
    }
  }
}

/// The elements, to be read. What cannot be is told at compile time.
template <class Range>
auto gradient_elements(const Range& range) {
  if constexpr (!InMemory<const Range>) {
    static_assert(InMemory<const Range>,
                  "thalweg: a gradient is a range of float or double in memory: std::vector<float>, "
                  "std::span(pointer, count), an evaluated Eigen vector, ...; tensors of LibTorch have "
                  "thalweg::libtorch");
    return std::span<const float>();
  } else {
    using T = std::remove_const_t<typename decltype(elements_of(range))::element_type>;
    static_assert(Element<T>, "thalweg: a gradient's elements are float or double, as its parameter's are");
    if constexpr (Element<T>) {
      return std::span<const T>(elements_of(range));
    } else {
      return std::span<const float>();
    }
  }
}

}  // namespace thalweg::inline v0_1
