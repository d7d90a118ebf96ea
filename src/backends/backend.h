// Backend: where the steps run, chosen once for an optimizer.
#pragma once

#include <thalweg/kernels/engine_rule.h>
#include <thalweg/kernels/kernels.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thalweg {

/// Sum of squares, in double, of `count` ≤ kNormBlock contiguous elements, with the same bits on every target.
using SumOfSquares = double (*)(const void* elements, std::size_t count);

/// Takes averages of `count` parameters and, if `around` says so, overwrites the parameters with them.
using TakeAverage = void (*)(const Around& around, void* theta, void* average, std::size_t count);

struct NormKernels {
  SumOfSquares f32 = nullptr, f64 = nullptr;
};
struct AverageKernels {
  TakeAverage f32 = nullptr, f64 = nullptr;
};

/// Elements in one partial sum of a norm. Boundaries of blocks are multiples of it, whatever the number of threads.
inline constexpr std::size_t kNormBlock = 4096;

/// Sums of a block of at most kNormBlock elements for the report of a step, taken piece by piece: 32 running sums each,
/// of which element i of a piece adds to the (i mod 32)-th.
struct BlockSums {
  std::array<double, 32> gradient{}, update{}, parameter{};  // of squares
  std::uint64_t zeros = 0;                                   // elements of the gradient that are 0
};

/// The trees of halves over them.
struct BlockTotals {
  double gradient = 0, update = 0, parameter = 0;
};

/// Most bytes of a stream in a piece that is measured.
inline constexpr std::size_t kMeasuredBytes = 4096;

/// Adds a piece of `count` elements, of kMeasuredBytes unless it is the block's last one. `before` is what the
/// parameter was. Squares of the gradient are summed as SumOfSquares does it, in double. Those of the parameter and of
/// what was added to it are summed in the element's type within a piece, or, where they would overflow or vanish there,
/// in double. `counts_zeros`: otherwise `zeros` stays.
using Measure = void (*)(const void* gradient, const void* before, const void* after, std::size_t count,
                         bool counts_zeros, BlockSums& sums);
using Total = BlockTotals (*)(BlockSums& sums);

/// to[i] += from[i].
using AddTo = void (*)(const void* from, void* to, std::size_t count);

struct MeasureKernels {
  Measure f32 = nullptr, f64 = nullptr;
  Total total = nullptr;
  AddTo add_f32 = nullptr, add_f64 = nullptr;
};

/// What a step runs over elements beside rules.
struct Backend {
  NormKernels squares;
  AverageKernels average;
  MeasureKernels measure;
};

/// `name` as in Settings::backend. Throws Error that names the known ones.
Backend make_backend(std::string_view name);

/// The rule's kernels of that back-end.
Kernels rule_kernels(const Rule& rule, std::string_view name);

namespace cpu {
NormKernels norm_kernels(std::int64_t target);
AverageKernels average_kernels(std::int64_t target);
MeasureKernels measure_kernels(std::int64_t target);
}  // namespace cpu
namespace reference {
AverageKernels average_kernels();
}  // namespace reference

}  // namespace thalweg
