// Adagrad: divides each step by the root of the sum of all squared gradients so far.
#pragma once

#include <thalweg/rule.h>

namespace thalweg::inline v0_1 {

/// Adagrad's hyper-parameters, with PyTorch's names and defaults.
struct Adagrad {
  double lr = 1e-2;
  double lr_decay = 0;
  double eps = 1e-10;
  bool eps_inside = false;
  double initial_accumulator_value = 0;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool maximize = false;

  static constexpr std::string_view name = "adagrad";
  static constexpr std::string_view title = "divides each step by the root of the sum of all squared gradients";
  static constexpr std::string_view formula =
      R"(v ← v + g²                                v₀ = initial_accumulator_value
d = √v + ε                                or √(v + ε) if eps_inside
θ ← θ − η / (1 + (t − 1) lr_decay) · g / d
where ε = 0 and v = 0, θ stays)";
  static constexpr std::string_view source = "Duchi, Hazan, Singer (2011), JMLR 12, 2121-2159";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &Adagrad::lr, at_least(0), "learning rate η");
    option("lr_decay", &Adagrad::lr_decay, at_least(0), "how fast η falls beside: over 1 + (t − 1) lr_decay");
    option("eps", &Adagrad::eps, at_least(0), "ε, keeps the denominator away from 0");
    option("eps_inside", &Adagrad::eps_inside, "ε under the root (Keras, Optax) instead of beside it");
    option("initial_accumulator_value", &Adagrad::initial_accumulator_value, at_least(0),
           "v before the first step (Keras, Optax: 0.1)");
    option("weight_decay", &Adagrad::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &Adagrad::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
    option("maximize", &Adagrad::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("v", ColumnKind::second_moment, true, initial_accumulator_value);
  }

  struct Coefficients {
    double lr;  // of this step
    double eps_inside, eps_outside;
    bool no_eps;
  };

  Coefficients coefficients(const StepNumbers& numbers) const {
    return {.lr = lr / (1 + static_cast<double>(numbers.step - 1) * lr_decay),
            .eps_inside = eps_inside ? eps : 0,
            .eps_outside = eps_inside ? 0 : eps,
            .no_eps = eps == 0};
  }
};

}  // namespace thalweg::inline v0_1
