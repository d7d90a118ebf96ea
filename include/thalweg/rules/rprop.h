// Rprop: a step size for each element, which grows while the gradient keeps its sign and shrinks when it turns.
#pragma once

#include <thalweg/rule.h>

namespace thalweg::inline v0_1 {

/// Rprop's hyper-parameters, with PyTorch's defaults. There is no weight decay: only signs count.
struct Rprop {
  double lr = 1e-2;
  double eta_minus = 0.5;
  double eta_plus = 1.2;
  double step_min = 1e-6;
  double step_max = 50;
  bool clamp_always = true;
  bool maximize = false;

  static constexpr std::string_view name = "rprop";
  static constexpr std::string_view title = "adapts a step size for each element by the sign of its gradient";
  static constexpr std::string_view formula = R"(s = sign(g) sign(g′)                      g′: the gradient before
Δ ← clamp(Δ f, step_min, step_max)        f = η⁺ where s > 0, η⁻ where s < 0, else 1
                                          only where s ≠ 0, unless clamp_always; Δ₀ = lr
g ← 0                                     where s < 0
θ ← θ − Δ sign(g)
g′ ← g)";
  static constexpr std::string_view source =
      "Riedmiller, Braun (1993), doi 10.1109/ICNN.1993.298623; without backtracking: Igel, Huesken (2000), iRprop−";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &Rprop::lr, at_least(0), "first step size Δ₀; a later change does nothing");
    option("eta_minus", &Rprop::eta_minus, from_below(0, 1), "factor η⁻ where the gradient has turned");
    option("eta_plus", &Rprop::eta_plus, at_least(1), "factor η⁺ where it keeps its sign");
    option("step_min", &Rprop::step_min, at_least(0), "smallest step size");
    option("step_max", &Rprop::step_max, at_least(0), "largest step size");
    option("clamp_always", &Rprop::clamp_always, "also where a gradient is 0, as in step 1 (PyTorch; Optax does not)");
    option("maximize", &Rprop::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("step", ColumnKind::parameter_like, true, lr);
    column("prev", ColumnKind::sign, true, 0.0);
  }

  struct Coefficients {
    double eta_minus, eta_plus;
    double step_min, step_max;
    bool clamp_always;
  };

  Coefficients coefficients(const StepNumbers&) const {
    return {.eta_minus = eta_minus,
            .eta_plus = eta_plus,
            .step_min = step_min,
            .step_max = step_max,
            .clamp_always = clamp_always};
  }
};

}  // namespace thalweg::inline v0_1
