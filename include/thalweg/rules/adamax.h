// AdaMax: Adam under the infinity norm, a step along the mean gradient over its decaying maximum.
#pragma once

#include <thalweg/power.h>
#include <thalweg/rule.h>

namespace thalweg::inline v0_1 {

/// AdaMax's hyper-parameters, with PyTorch's names and defaults.
struct AdaMax {
  double lr = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  bool eps_beside = false;
  bool correct_mean = true;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool maximize = false;

  static constexpr std::string_view name = "adamax";
  static constexpr std::string_view title = "Adam that divides by a decaying maximum of the gradient";
  static constexpr std::string_view formula = R"(m ← β₁ m + (1 − β₁) g
u ← max(β₂ u, |g| + ε)                    or max(β₂ u, |g|) if eps_beside
θ ← θ − η / (1 − β₁ᵗ) · m / u             or m / (u + ε) if eps_beside; η m / u unless correct_mean)";
  static constexpr std::string_view source = "Kingma, Ba (2014), arXiv 1412.6980, algorithm 2, as PyTorch writes it";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &AdaMax::lr, at_least(0), "learning rate η");
    option("beta1", &AdaMax::beta1, from_below(0, 1), "decay β₁ of the running mean");
    option("beta2", &AdaMax::beta2, from_below(0, 1), "decay β₂ of the running maximum");
    option("eps", &AdaMax::eps, at_least(0), "ε, keeps the denominator away from 0");
    option("eps_beside", &AdaMax::eps_beside, "ε beside the maximum (Keras, TensorFlow) instead of in it");
    option("correct_mean", &AdaMax::correct_mean, "divide m by 1 − β₁ᵗ (MLX does not)");
    option("weight_decay", &AdaMax::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &AdaMax::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
    option("maximize", &AdaMax::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("m", ColumnKind::average, true, 0.0);
    column("u", ColumnKind::maximum, true, 0.0);
  }

  struct Coefficients {
    double beta1, rest1;  // β₁, 1 − β₁
    double beta2;
    double step_size;                // η / (1 − β₁ᵗ), or η
    double eps_within, eps_outside;  // one of them is 0
  };

  Coefficients coefficients(const StepNumbers& numbers) const {
    return {.beta1 = beta1,
            .rest1 = 1 - beta1,
            .beta2 = beta2,
            .step_size = correct_mean ? lr / (1 - power(beta1, numbers.step)) : lr,
            .eps_within = eps_beside ? 0 : eps,
            .eps_outside = eps_beside ? eps : 0};
  }
};

}  // namespace thalweg::inline v0_1
