// Backend: where the steps run, chosen once for an optimizer.
#pragma once

#include <thalweg/kernels/engine_rule.h>
#include <thalweg/kernels/kernels.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thalweg::inline v0_1 {

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

/// to[i] += from[i].
using AddTo = void (*)(const void* from, void* to, std::size_t count);

struct AddKernels {
  AddTo f32 = nullptr, f64 = nullptr;
};

/// What a step runs over elements beside rules.
struct Backend {
  NormKernels squares;
  AverageKernels average;
  AddKernels add;
};

/// `name` as in Execution::backend. Throws Error that names the known ones.
Backend make_backend(std::string_view name);

/// The rule's kernels of that back-end.
Kernels rule_kernels(const Rule& rule, std::string_view name);

namespace cpu {
NormKernels norm_kernels(std::int64_t target);
AverageKernels average_kernels(std::int64_t target);
AddKernels add_kernels(std::int64_t target);
}  // namespace cpu
namespace reference {
AverageKernels average_kernels();
}  // namespace reference

}  // namespace thalweg::inline v0_1
