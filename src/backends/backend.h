// Backend: where the steps run, chosen once for an optimizer.
#pragma once

#include <thalweg/kernels/engine_rule.h>
#include <thalweg/kernels/kernels.h>

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

/// A rule's kernels and what else a step runs over elements.
struct Backend {
  Kernels kernels;
  NormKernels squares;
  AverageKernels average;
};

/// `name` as in Settings::backend. Throws Error that names the known ones.
Backend make_backend(const Rule& rule, std::string_view name);

namespace cpu {
NormKernels norm_kernels(std::int64_t target);
AverageKernels average_kernels(std::int64_t target);
}  // namespace cpu
namespace reference {
AverageKernels average_kernels();
}  // namespace reference

}  // namespace thalweg
