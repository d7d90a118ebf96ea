// LAMB: Adam's step, made as long as the parameter that takes it.
#pragma once

#include <thalweg/power.h>
#include <thalweg/rule.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace thalweg::inline v0_1 {

/// LAMB's hyper-parameters, with the paper's names and Optax's defaults; the others cover timm and Keras.
struct LAMB {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-6;
  double eps_root = 0;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool correct_bias = true;
  bool always_adapt = true;
  bool trust_clip = false;
  bool grad_averaging = true;
  bool maximize = false;

  static constexpr std::string_view name = "lamb";
  static constexpr std::string_view title = "takes Adam's step, as long as the parameter is";
  static constexpr std::string_view formula =
      R"(θ ← (1 − ηλ) θ                            if decoupled_weight_decay
m ← β₁ m + (1 − β₁) g                     or β₁ m + g unless grad_averaging
v ← β₂ v + (1 − β₂) g²
m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)      or m, v unless correct_bias
u = m̂ / (√(v̂ + eps_root) + ε) + λ θ       without λ θ if decoupled_weight_decay
r = ‖θ‖ / ‖u‖                             of all elements of the parameter; 1 unless both norms are above 0;
                                          min(r, 1) if trust_clip
r = 1                                     if λ = 0 unless always_adapt
θ ← θ − η r u)";
  static constexpr std::string_view source = "You et al. (2019), arXiv 1904.00962, algorithm 2, with φ(x) = x";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &LAMB::lr, at_least(0), "learning rate η");
    option("beta1", &LAMB::beta1, from_below(0, 1), "decay β₁ of the running mean");
    option("beta2", &LAMB::beta2, from_below(0, 1), "decay β₂ of the running mean of squares");
    option("eps", &LAMB::eps, at_least(0), "ε, keeps the denominator away from 0");
    option("eps_root", &LAMB::eps_root, at_least(0), "ε under the root (Optax)");
    option("weight_decay", &LAMB::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &LAMB::decoupled_weight_decay,
           "θ ← (1 − ηλ) θ in front of the step instead of λθ in it (Keras)");
    option("correct_bias", &LAMB::correct_bias, "divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ");
    option("always_adapt", &LAMB::always_adapt, "the ratio of norms without weight decay too (timm: not by default)");
    option("trust_clip", &LAMB::trust_clip, "the ratio of norms is at most 1 (timm)");
    option("grad_averaging", &LAMB::grad_averaging, "m is a mean of gradients, not a decaying sum (timm)");
    option("maximize", &LAMB::maximize, "ascend instead of descend");
  }

  static constexpr bool decays_itself = true;

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("m", ColumnKind::average, true, 0.0);
    column("v", ColumnKind::second_moment, true, 0.0);
  }

  /// Σθ² and Σu².
  static constexpr std::array<SumInfo, 2> sums = {{{SumScope::tensor, 0}, {SumScope::tensor, 0}}};

  static constexpr bool gathers_state = true;

  bool takes(std::size_t, const Layout&) const { return always_adapt || weight_decay != 0; }

  struct Coefficients {
    double shrink;               // 1 − ηλ, or 1
    double beta1, share;         // β₁, 1 − β₁ or 1
    double beta2, rest2;         // β₂, 1 − β₂
    double of_mean, of_squares;  // 1 / (1 − β₁ᵗ), 1 / (1 − β₂ᵗ), or 1
    double eps_root, eps;
    double decay;  // λ in u, or 0
    double step;   // η r
  };

  Coefficients coefficients(const StepNumbers& numbers) const {
    return {.shrink = decoupled_weight_decay ? 1 - lr * weight_decay : 1,
            .beta1 = beta1,
            .share = grad_averaging ? 1 - beta1 : 1,
            .beta2 = beta2,
            .rest2 = 1 - beta2,
            .of_mean = correct_bias ? 1 / (1 - power(beta1, numbers.step)) : 1,
            .of_squares = correct_bias ? 1 / (1 - power(beta2, numbers.step)) : 1,
            .eps_root = eps_root,
            .eps = eps,
            .decay = decoupled_weight_decay ? 0 : weight_decay,
            .step = lr};
  }

  bool settle(const Settling& settling, Coefficients& c) const {
    if (!settling.has_sum(0)) return true;
    const double of_parameter = std::sqrt(settling.sum(0)), of_step = std::sqrt(settling.sum(1));
    double ratio = of_parameter > 0 && of_step > 0 ? of_parameter / of_step : 1;
    if (trust_clip) ratio = std::min(ratio, 1.0);
    c.step = lr * ratio;
    return true;
  }
};

}  // namespace thalweg::inline v0_1
