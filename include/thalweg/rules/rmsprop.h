// RMSprop: divides each step by a running root mean square of the gradient.
#pragma once

#include <thalweg/power.h>
#include <thalweg/rule.h>

namespace thalweg::inline v0_1 {

/// RMSprop's hyper-parameters. Names and defaults are PyTorch's where PyTorch has the option; the others cover every
/// way in which Keras, TensorFlow 1, Optax and timm differ.
struct RMSprop {
  double lr = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double momentum = 0;
  bool centered = false;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool nesterov = false;
  bool eps_inside = false;
  bool lr_in_momentum = false;
  bool bias_correction = false;
  double initial_accumulator_value = 0;
  bool maximize = false;

  static constexpr std::string_view name = "rmsprop";
  static constexpr std::string_view title = "divides each step by a running root mean square of the gradient";
  static constexpr std::string_view formula =
      R"(v ← α v + (1 − α) g²                      v₀ = initial_accumulator_value
m ← α m + (1 − α) g                       if centered
ṽ = v, or max(v − m², 0) if centered      v and m over 1 − αᵗ first, if bias_correction
d = √ṽ + ε                                or √(ṽ + ε) if eps_inside
u = g / d                                 or η g / d if lr_in_momentum
b ← μ b + u                               if momentum; then u ← b, or u + μ b if nesterov
θ ← θ − η u                               or θ − u if lr_in_momentum)";
  static constexpr std::string_view source =
      "Hinton, Neural Networks for Machine Learning, lecture 6e (2012); centered: Graves (2013), arXiv 1308.0850, eq. "
      "38";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &RMSprop::lr, at_least(0), "learning rate η");
    option("alpha", &RMSprop::alpha, from_below(0, 1), "decay α of the running averages");
    option("eps", &RMSprop::eps, at_least(0), "ε, keeps the denominator away from 0");
    option("momentum", &RMSprop::momentum, from_below(0, 1), "momentum μ; 0 is none");
    option("centered", &RMSprop::centered, "divide by the standard deviation: subtract the squared mean");
    option("weight_decay", &RMSprop::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &RMSprop::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
    option("nesterov", &RMSprop::nesterov, "look ahead along the momentum");
    option("eps_inside", &RMSprop::eps_inside, "ε under the root (Keras, TensorFlow, Optax) instead of beside it");
    option("lr_in_momentum", &RMSprop::lr_in_momentum, "η inside the momentum buffer (Keras, TensorFlow, Optax)");
    option("bias_correction", &RMSprop::bias_correction, "divide v and m by 1 − αᵗ (Optax)");
    option("initial_accumulator_value", &RMSprop::initial_accumulator_value, at_least(0),
           "v before the first step (TensorFlow 1: 1)");
    option("maximize", &RMSprop::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("v", ColumnKind::second_moment, true, initial_accumulator_value);
    column("m", ColumnKind::average, centered, 0.0);
    column("b", ColumnKind::average, momentum > 0, 0.0);
  }

  struct Coefficients {
    double lr_before, lr_after;  // η inside the momentum buffer, η outside: one of them is 1
    double alpha, rest;          // α, 1 − α
    double eps_inside, eps_outside;
    double correction;  // 1 − αᵗ, or 1
    double momentum;
    bool has_momentum, centered, bias_correction, nesterov;
  };

  Coefficients coefficients(const StepNumbers& numbers) const {
    return {.lr_before = lr_in_momentum ? lr : 1,
            .lr_after = lr_in_momentum ? 1 : lr,
            .alpha = alpha,
            .rest = 1 - alpha,
            .eps_inside = eps_inside ? eps : 0,
            .eps_outside = eps_inside ? 0 : eps,
            .correction = bias_correction ? 1 - power(alpha, numbers.step) : 1,
            .momentum = momentum,
            .has_momentum = momentum > 0,
            .centered = centered,
            .bias_correction = bias_correction,
            .nesterov = nesterov};
  }
};

}  // namespace thalweg::inline v0_1
