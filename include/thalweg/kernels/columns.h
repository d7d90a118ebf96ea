// How many state columns a rule declares, of which shapes, and its sums.
#pragma once

#include <thalweg/rule.h>

#include <array>
#include <cstddef>
#include <utility>

namespace thalweg::inline v0_1 {

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

/// Is weight decay part of the rule's formula?
template <class R>
constexpr bool decays_itself() {
  if constexpr (requires { R::decays_itself; }) {
    return R::decays_itself;
  } else {
    return false;
  }
}

/// Are the columns read for the rule's sums, too?
template <class R>
constexpr bool gathers_state() {
  if constexpr (requires { R::gathers_state; }) {
    return R::gathers_state;
  } else {
    return false;
  }
}

template <class R>
constexpr std::size_t count_sums() {
  if constexpr (requires { R::sums; }) {
    return R::sums.size();
  } else {
    return 0;
  }
}

/// Indices of the rule's sums of one round, as an index sequence.
template <class R, std::size_t round, std::size_t next = 0, std::size_t... found>
constexpr auto sums_of_round() {
  if constexpr (next == count_sums<R>()) {
    return std::index_sequence<found...>();
  } else if constexpr (R::sums[next].round == round) {
    return sums_of_round<R, round, next + 1, found..., next>();
  } else {
    return sums_of_round<R, round, next + 1, found...>();
  }
}
template <class R, std::size_t round>
using SumsOfRound = decltype(sums_of_round<R, round>());

/// Is the sum one of columns, which runs down the blocks of a matrix and has no total within one?
template <class R, std::size_t sum>
inline constexpr bool kIsByColumn = R::sums[sum].scope == SumScope::columns;

/// Rounds of the rule's sums.
template <class R>
constexpr std::size_t count_rounds() {
  std::size_t rounds = 0;
  if constexpr (requires { R::sums; }) {
    for (const SumInfo& sum : R::sums) rounds = rounds > sum.round ? rounds : sum.round + 1;
  }
  return rounds;
}

}  // namespace thalweg::inline v0_1
