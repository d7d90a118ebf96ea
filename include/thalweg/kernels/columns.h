// How many state columns a rule declares, of which shapes, and its sums.
#pragma once

#include <thalweg/rule.h>

#include <array>
#include <cstddef>

namespace thalweg {

template <class R>
constexpr std::size_t count_columns() {
  std::size_t count = 0;
  R{}.columns([&](auto&&...) { ++count; });
  return count;
}

/// The shape that a rule says after a column's first value, or the parameter's.
constexpr ColumnShape shape_of_column() { return ColumnShape::parameter; }
constexpr ColumnShape shape_of_column(ColumnShape shape) { return shape; }

template <class R>
constexpr std::array<ColumnShape, count_columns<R>()> column_shapes() {
  std::array<ColumnShape, count_columns<R>()> shapes{};
  std::size_t k = 0;
  R{}.columns([&](auto&&, auto&&, auto&&, auto&&, auto... shape) { shapes[k++] = shape_of_column(shape...); });
  return shapes;
}

/// Has the rule columns that are not shaped like the parameter, so that its kernels run row by row?
template <class R>
constexpr bool has_small_columns() {
  for (const ColumnShape shape : column_shapes<R>()) {
    if (shape != ColumnShape::parameter) return true;
  }
  return false;
}

template <class R>
constexpr std::size_t count_sums() {
  if constexpr (requires { R::sums; }) {
    return R::sums.size();
  } else {
    return 0;
  }
}

/// The round of each of the rule's sums; one that no sum has where the rule has none.
template <class R>
constexpr auto rounds_of_sums() {
  std::array<std::size_t, count_sums<R>() == 0 ? 1 : count_sums<R>()> rounds{};
  if constexpr (requires { R::sums; }) {
    for (std::size_t k = 0; k < R::sums.size(); ++k) rounds[k] = R::sums[k].round;
  }
  return rounds;
}

/// Rounds of the rule's sums.
template <class R>
constexpr std::size_t count_rounds() {
  std::size_t rounds = 0;
  if constexpr (requires { R::sums; }) {
    for (const SumInfo& sum : R::sums) rounds = rounds > sum.round ? rounds : sum.round + 1;
  }
  return rounds;
}

}  // namespace thalweg
