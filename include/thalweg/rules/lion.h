// Lion: steps of one size along the sign of an interpolated momentum.
#pragma once

#include <thalweg/rule.h>

namespace thalweg::inline v0_1 {

/// Lion's hyper-parameters, with the paper's defaults. Weight decay is decoupled unless it is told otherwise.
struct Lion {
  double lr = 1e-4;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double weight_decay = 0;
  bool decoupled_weight_decay = true;
  bool maximize = false;

  static constexpr std::string_view name = "lion";
  static constexpr std::string_view title = "steps of one size along the sign of an interpolated momentum";
  static constexpr std::string_view formula = R"(θ ← θ − η sign(β₁ m + (1 − β₁) g)         sign(0) = 0
m ← β₂ m + (1 − β₂) g)";
  static constexpr std::string_view source = "Chen et al. (2023), arXiv 2302.06675, algorithm 2";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &Lion::lr, at_least(0), "learning rate η, the size of every step");
    option("beta1", &Lion::beta1, from_below(0, 1), "share β₁ of the momentum in the direction");
    option("beta2", &Lion::beta2, from_below(0, 1), "decay β₂ of the momentum");
    option("weight_decay", &Lion::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &Lion::decoupled_weight_decay, "θ ← (1 − ηλ) θ; without it g ← g + λθ");
    option("maximize", &Lion::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("m", ColumnKind::average, true, 0.0);
  }

  struct Coefficients {
    double lr;
    double beta1, rest1;  // β₁, 1 − β₁
    double beta2, rest2;  // β₂, 1 − β₂
  };

  Coefficients coefficients(const StepNumbers&) const {
    return {.lr = lr, .beta1 = beta1, .rest1 = 1 - beta1, .beta2 = beta2, .rest2 = 1 - beta2};
  }
};

}  // namespace thalweg::inline v0_1
