// RAdam: Adam that leaves its denominator out until the second moment is worth something.
#pragma once

#include <thalweg/power.h>
#include <thalweg/rule.h>

#include <cmath>

namespace thalweg::inline v0_1 {

/// RAdam's hyper-parameters, with PyTorch's names and defaults.
struct RAdam {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  bool eps_before_correction = true;
  double eps_root = 0;
  double threshold = 5;
  bool threshold_inclusive = false;
  bool nesterov = false;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool maximize = false;

  static constexpr std::string_view name = "radam";
  static constexpr std::string_view title = "Adam with its first steps rectified";
  static constexpr std::string_view formula = R"(m ← β₁ m + (1 − β₁) g
v ← β₂ v + (1 − β₂) g²
c₁(t) = 1 − β₁ᵗ,  c₂ = 1 − β₂ᵗ,  N = 2 / (1 − β₂) − 1,  n = N − 2 t β₂ᵗ / c₂
m̂ = m / c₁(t)                             or β₁ m / c₁(t + 1) + (1 − β₁) g / c₁(t) if nesterov
r = √((n − 4)(n − 2) N / ((N − 4)(N − 2) n))
θ ← θ − η r √c₂ m̂ / (√(v + eps_root) + ε) where n > threshold, or ≥ if threshold_inclusive;
                                          r m̂ / (√(v / c₂ + eps_root) + ε) unless eps_before_correction
θ ← θ − η m̂                               else)";
  static constexpr std::string_view source = "Liu et al. (2019), arXiv 1908.03265, algorithm 2, as PyTorch writes it";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &RAdam::lr, at_least(0), "learning rate η");
    option("beta1", &RAdam::beta1, from_below(0, 1), "decay β₁ of the running mean");
    option("beta2", &RAdam::beta2, from_below(0, 1), "decay β₂ of the running mean of squares");
    option("eps", &RAdam::eps, at_least(0), "ε, keeps the denominator away from 0");
    option("eps_before_correction", &RAdam::eps_before_correction,
           "ε beside the root of the uncorrected v (PyTorch) instead of the corrected one (Optax)");
    option("eps_root", &RAdam::eps_root, at_least(0), "ε under the root (Optax)");
    option("threshold", &RAdam::threshold, at_least(4), "length n of the average from which v is used");
    option("threshold_inclusive", &RAdam::threshold_inclusive, "also at n = threshold (Optax)");
    option("nesterov", &RAdam::nesterov, "look ahead along the mean (Optax)");
    option("weight_decay", &RAdam::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &RAdam::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
    option("maximize", &RAdam::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("m", ColumnKind::average, true, 0.0);
    column("v", ColumnKind::second_moment, true, 0.0);
  }

  struct Coefficients {
    double beta1, rest1;                  // β₁, 1 − β₁
    double beta2, rest2;                  // β₂, 1 − β₂
    double momentum_step, gradient_step;  // η's shares of m and g in the step
    double spread;                        // 1 / (1 − β₂ᵗ), or 1
    double eps_root, eps;
    bool rectified, nesterov;
  };

  Coefficients coefficients(const StepNumbers& numbers) const {
    const auto step = static_cast<double>(numbers.step);
    const double decayed = power(beta2, numbers.step), correction = 1 - decayed;
    const double longest = 2 / (1 - beta2) - 1, length = longest - 2 * step * decayed / correction;
    const bool rectified = threshold_inclusive ? length >= threshold : length > threshold;
    double size = lr;
    if (rectified) {
      size *= std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
      if (eps_before_correction) size *= std::sqrt(correction);
    }
    const double now = 1 - power(beta1, numbers.step);
    const double next = nesterov ? 1 - power(beta1, numbers.step + 1) : now;
    return {.beta1 = beta1,
            .rest1 = 1 - beta1,
            .beta2 = beta2,
            .rest2 = 1 - beta2,
            .momentum_step = nesterov ? size * beta1 / next : size / now,
            .gradient_step = nesterov ? size * (1 - beta1) / now : 0,
            .spread = eps_before_correction ? 1 : 1 / correction,
            .eps_root = eps_root,
            .eps = eps,
            .rectified = rectified,
            .nesterov = nesterov};
  }
};

}  // namespace thalweg::inline v0_1
