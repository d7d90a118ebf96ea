// Average: keeps averages of the parameters beside them, for evaluation.
#pragma once

#include <thalweg/api.h>

#include <cstdint>
#include <string_view>

namespace thalweg::inline v0_1 {

enum class AverageKind {
  none,
  ema,   ///< a ← k a + (1 − k) θ: exponential moving average, k = decay
  mean,  ///< a ← a + (θ − a) / n, the plain mean of n points: stochastic weight averaging (SWA)
};

THALWEG_API std::string_view to_string(AverageKind kind);

/// How parameters are averaged. Averaging comes after the step and takes all of the optimizer's parameters, those
/// without a gradient too. The first average of a parameter is the parameter itself.
///
/// - ema without bias correction is what Keras (`use_ema`) and PyTorch do (`AveragedModel` with
///   `get_ema_multi_avg_fn`).
/// - ema with bias correction begins at 0 and is divided by 1 − kᵗ, as Adam's mean is (Optax: `ema` with `debias`). The
///   quotient itself is kept: a ← a + (1 − k) / (1 − kᵗ) · (θ − a), t counted by the parameter's own averages.
/// - mean: Izmailov et al. (2018), arXiv 1803.05407, eq. 2; PyTorch's `AveragedModel` by default.
struct Average {
  AverageKind kind = AverageKind::none;
  double decay = 0.99;  ///< k of ema, [0, 1]; below 1 with bias correction. With 1 the average stays the first one
  bool bias_correction = false;
  std::int64_t start = 1;  ///< [1, ∞): the first step after which parameters are averaged
  std::int64_t every = 1;  ///< [1, ∞): then after every n-th step from there, n = every
  /// θ ← a after every n-th step of all, n = overwrite_every, if it takes averages (Keras: ema_overwrite_frequency); 0:
  /// never.
  std::int64_t overwrite_every = 0;

  bool operator==(const Average&) const = default;
};

/// Throws Error if a number is outside its range.
THALWEG_API void check(const Average& average);

}  // namespace thalweg::inline v0_1
