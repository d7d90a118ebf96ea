// BlockSums, BlockTotals: what a step sums over its elements for its report.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace thalweg::inline v0_1 {

/// Running sums of a total.
inline constexpr std::size_t kSumLanes = 32;

/// The tree of halves over `count` running sums, a power of two, which it changes.
inline double add_halves(double* sums, std::size_t count = kSumLanes) {
  for (std::size_t half = count / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0];
}

/// Elements of a parameter in one total. Threads share the work at multiples of it, so that their number moves no
/// rounding.
inline constexpr std::size_t kNormBlock = 4096;

/// Sums of squares, in double.
struct BlockTotals {
  double gradient = 0;      ///< as it is given, before scaling and clipping
  double update = 0;        ///< of the parameter less what it was, in the parameter's type
  double parameter = 0;     ///< after the step
  std::uint64_t zeros = 0;  ///< elements of the gradient that are 0
};

/// On the way to them: 32 running sums each, of which an element adds to the one of its index in the parameter, modulo
/// 32. A tree of halves over them gives the total.
struct BlockSums {
  std::array<double, kSumLanes> gradient{}, update{}, parameter{};
  std::uint64_t zeros = 0;

  /// Makes the `by`-th running sum the first one.
  void turn(std::size_t by) {
    if (by == 0) return;
    for (std::array<double, kSumLanes>* lanes : {&gradient, &update, &parameter}) {
      std::rotate(lanes->begin(), lanes->begin() + static_cast<std::ptrdiff_t>(by), lanes->end());
    }
  }

  /// The trees of halves, which change the sums.
  BlockTotals totals() {
    return {add_halves(gradient.data()), add_halves(update.data()), add_halves(parameter.data()), zeros};
  }
};

}  // namespace thalweg::inline v0_1
