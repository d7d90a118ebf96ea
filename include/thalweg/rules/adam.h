// Adam, AdamW and AMSGrad: one rule, a step along the mean gradient over its root mean square.
#pragma once

#include <thalweg/power.h>
#include <thalweg/rule.h>

#include <cmath>

namespace thalweg::inline v0_1 {

/// What a step of Adam needs.
struct AdamCoefficients {
  double beta1, rest1;                  // β₁, 1 − β₁
  double beta2, rest2;                  // β₂, 1 − β₂
  double momentum_step, gradient_step;  // η's shares of m and g in the step
  double before_maximum;                // 1 / c₂ or 1: scales v in front of the maximum
  double after_maximum;                 // 1 / c₂ or 1: scales what stands under the root
  double eps_root, eps;
  bool amsgrad, nesterov;
};

/// Adam's hyper-parameters. `Defaults` gives the name and those defaults in which Adam, AdamW and AMSGrad differ.
template <class Defaults>
struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double eps_root = 0;
  bool eps_before_correction = false;
  bool correct_mean = true;
  bool correct_spread = true;
  bool nesterov = false;
  bool nesterov_same_step = false;
  double weight_decay = Defaults::weight_decay;
  bool decoupled_weight_decay = Defaults::decoupled_weight_decay;
  bool amsgrad = Defaults::amsgrad;
  bool maximum_of_corrected = false;
  bool maximize = false;

  static constexpr std::string_view name = Defaults::name;
  static constexpr std::string_view title = Defaults::title;
  static constexpr std::string_view formula = R"(m ← β₁ m + (1 − β₁) g
v ← β₂ v + (1 − β₂) g²
c₁(t) = 1 − β₁ᵗ, c₂ = 1 − β₂ᵗ             or 1 unless correct_mean, correct_spread
m̂ = m / c₁(t)                             or β₁ m / c₁(t + 1) + (1 − β₁) g / c₁(t) if nesterov;
                                          β₁ m / c₁(t) if nesterov_same_step
v̂ = v / c₂                                if amsgrad: x ← max(x, v), v̂ = x / c₂;
                                          with maximum_of_corrected: x ← max(x, v / c₂), v̂ = x
θ ← θ − η m̂ / (√(v̂ + eps_root) + ε)       or η √c₂ m̂ / (√(c₂ v̂ + eps_root) + ε) if eps_before_correction)";
  static constexpr std::string_view source = Defaults::source;

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &AdamOptions::lr, at_least(0), "learning rate η");
    option("beta1", &AdamOptions::beta1, from_below(0, 1), "decay β₁ of the running mean");
    option("beta2", &AdamOptions::beta2, from_below(0, 1), "decay β₂ of the running mean of squares");
    option("eps", &AdamOptions::eps, at_least(0), "ε, keeps the denominator away from 0");
    option("eps_root", &AdamOptions::eps_root, at_least(0), "ε under the root (Optax)");
    option("eps_before_correction", &AdamOptions::eps_before_correction,
           "ε beside the root of the uncorrected v (Keras, TensorFlow; the paper's ε̂)");
    option("correct_mean", &AdamOptions::correct_mean, "divide m by 1 − β₁ᵗ");
    option("correct_spread", &AdamOptions::correct_spread, "divide v by 1 − β₂ᵗ");
    option("nesterov", &AdamOptions::nesterov, "look ahead along the mean (Optax)");
    option("nesterov_same_step", &AdamOptions::nesterov_same_step,
           "look ahead with the correction of this step, not of the next (TensorFlow)");
    option("weight_decay", &AdamOptions::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &AdamOptions::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
    option("amsgrad", &AdamOptions::amsgrad, "divide by the largest v so far");
    option("maximum_of_corrected", &AdamOptions::maximum_of_corrected, "amsgrad's maximum over v / (1 − β₂ᵗ) (Optax)");
    option("maximize", &AdamOptions::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("m", ColumnKind::average, true, 0.0);
    column("v", ColumnKind::second_moment, true, 0.0);
    column("x", ColumnKind::maximum, amsgrad, 0.0);
  }

  using Coefficients = AdamCoefficients;

  Coefficients coefficients(const StepNumbers& numbers) const {
    const auto mean_correction = [&](std::int64_t step) { return correct_mean ? 1 - power(beta1, step) : 1; };
    const double now = mean_correction(numbers.step);
    const double next = nesterov && !nesterov_same_step ? mean_correction(numbers.step + 1) : now;
    const double spread = correct_spread ? 1 - power(beta2, numbers.step) : 1;
    const double size = eps_before_correction ? lr * std::sqrt(spread) : lr;
    const bool early = amsgrad && maximum_of_corrected;
    return {.beta1 = beta1,
            .rest1 = 1 - beta1,
            .beta2 = beta2,
            .rest2 = 1 - beta2,
            .momentum_step = nesterov ? size * beta1 / next : size / now,
            .gradient_step = nesterov ? size * (1 - beta1) / now : 0,
            .before_maximum = early ? 1 / spread : 1,
            .after_maximum = eps_before_correction ? (early ? spread : 1) : (early ? 1 : 1 / spread),
            .eps_root = eps_root,
            .eps = eps,
            .amsgrad = amsgrad,
            .nesterov = nesterov};
  }
};

struct AdamDefaults {
  static constexpr std::string_view name = "adam";
  static constexpr std::string_view title = "steps along the mean gradient over its root mean square";
  static constexpr std::string_view source = "Kingma, Ba (2014), arXiv 1412.6980, algorithm 1";
  static constexpr double weight_decay = 0;
  static constexpr bool decoupled_weight_decay = false;
  static constexpr bool amsgrad = false;
};

struct AdamWDefaults {
  static constexpr std::string_view name = "adamw";
  static constexpr std::string_view title = "Adam with decoupled weight decay";
  static constexpr std::string_view source = "Loshchilov, Hutter (2017), arXiv 1711.05101, algorithm 2";
  static constexpr double weight_decay = 1e-2;
  static constexpr bool decoupled_weight_decay = true;
  static constexpr bool amsgrad = false;
};

struct AMSGradDefaults {
  static constexpr std::string_view name = "amsgrad";
  static constexpr std::string_view title = "Adam that divides by the largest root mean square so far";
  static constexpr std::string_view source =
      "Reddi, Kale, Kumar (2018), arXiv 1904.09237, with Adam's bias correction as in PyTorch";
  static constexpr double weight_decay = 0;
  static constexpr bool decoupled_weight_decay = false;
  static constexpr bool amsgrad = true;
};

using Adam = AdamOptions<AdamDefaults>;
using AdamW = AdamOptions<AdamWDefaults>;
using AMSGrad = AdamOptions<AMSGradDefaults>;

}  // namespace thalweg::inline v0_1
