// Backend: where the steps run, chosen once for an optimizer.
#pragma once

#include "backends/kernels.h"
#include "rules/registry.h"

#include <cstdint>
#include <string_view>

namespace thalweg {

/// Sum of squares of `count` ≤ kNormBlock contiguous elements, with the same bits on every target.
using SumOfSquares = double (*)(const void* elements, std::size_t count);

/// Elements in one partial sum of a norm. Boundaries of blocks are multiples of it, whatever the number of threads.
inline constexpr std::size_t kNormBlock = 4096;

/// A rule's kernels and what else a step runs over elements.
struct Backend {
  Kernels kernels;
  SumOfSquares squares_f32 = nullptr, squares_f64 = nullptr;
};

/// `name` as in Settings::backend. Throws Error that names the known ones.
Backend make_backend(const Rule& rule, std::string_view name);

namespace cpu {
struct NormKernels {
  SumOfSquares f32, f64;
};
NormKernels norm_kernels(std::int64_t target);
}  // namespace cpu

}  // namespace thalweg
