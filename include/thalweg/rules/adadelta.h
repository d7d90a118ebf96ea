// Adadelta: divides the gradient by its running root mean square, and multiplies by that of the steps taken so far.
#pragma once

#include <thalweg/rule.h>

namespace thalweg::inline v0_1 {

/// Adadelta's hyper-parameters, with PyTorch's names and defaults.
struct Adadelta {
  double lr = 1;
  double rho = 0.9;
  double eps = 1e-6;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool maximize = false;

  static constexpr std::string_view name = "adadelta";
  static constexpr std::string_view title = "RMSprop whose learning rate is the root mean square of its own steps";
  static constexpr std::string_view formula = R"(v ← ρ v + (1 − ρ) g²
δ = √(u + ε) / √(v + ε) · g
u ← ρ u + (1 − ρ) δ²
θ ← θ − η δ)";
  static constexpr std::string_view source = "Zeiler (2012), arXiv 1212.5701, algorithm 1";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &Adadelta::lr, at_least(0), "factor η of the step; 1 is the paper's rule");
    option("rho", &Adadelta::rho, from_below(0, 1), "decay ρ of both running means of squares");
    option("eps", &Adadelta::eps, at_least(0), "ε, lets the first step begin");
    option("weight_decay", &Adadelta::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &Adadelta::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
    option("maximize", &Adadelta::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("v", ColumnKind::second_moment, true, 0.0);
    column("u", ColumnKind::second_moment, true, 0.0);
  }

  struct Coefficients {
    double lr;
    double rho, rest;  // ρ, 1 − ρ
    double eps;
  };

  Coefficients coefficients(const StepNumbers&) const { return {.lr = lr, .rho = rho, .rest = 1 - rho, .eps = eps}; }
};

}  // namespace thalweg::inline v0_1
