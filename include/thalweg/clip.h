// Clip: limits the gradients of a step, in front of everything else that is done with them.
#pragma once

#include <thalweg/api.h>

#include <string_view>

namespace thalweg::inline v0_1 {

enum class ClipBy {
  none,
  value,        ///< every element to [−limit, limit]
  norm,         ///< each parameter's gradient to an L2 norm of at most `limit`
  global_norm,  ///< all gradients of the step together to an L2 norm of at most `limit`
};

/// The enumerator's name.
THALWEG_API std::string_view to_string(ClipBy by);

/// How gradients are clipped. By a norm n, g becomes g · limit / max(n + eps, limit): the same as Keras and Optax with
/// eps = 0, and as PyTorch's `clip_grad_norm_` with eps = 1e-6. A norm within the limit leaves every bit as it is. A
/// norm that is not finite goes through as IEEE says: infinite elements become NaN and the others 0; NaN makes all NaN.
struct Clip {
  ClipBy by = ClipBy::none;
  double limit = 1;  ///< (0, ∞)
  double eps = 0;    ///< [0, ∞): beside the norm

  bool operator==(const Clip&) const = default;
};

/// Throws Error if a number is outside its range.
THALWEG_API void check(const Clip& clip);

}  // namespace thalweg::inline v0_1
