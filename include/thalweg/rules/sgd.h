// SGD: steps against the gradient, with momentum and Nesterov's look-ahead if asked for.
#pragma once

#include <thalweg/rule.h>

namespace thalweg {

/// SGD's hyper-parameters, with PyTorch's names and defaults.
struct SGD {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  bool nesterov = false;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool maximize = false;

  static constexpr std::string_view name = "sgd";
  static constexpr std::string_view title = "steps against the gradient, with momentum if asked for";
  static constexpr std::string_view formula = R"(b ← g                                     if momentum, first step
b ← μ b + (1 − τ) g                       if momentum, later steps
u = g, or b if momentum, or g + μ b if nesterov
θ ← θ − η u)";
  static constexpr std::string_view source =
      "Polyak (1964), doi 10.1016/0041-5553(64)90137-5; Nesterov form: Sutskever et al. (2013), as PyTorch writes it";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &SGD::lr, at_least(0), "learning rate η");
    option("momentum", &SGD::momentum, from_below(0, 1), "momentum μ; 0 is none");
    option("dampening", &SGD::dampening, between(0, 1), "dampening τ of the gradient in the momentum, from step 2 on");
    option("nesterov", &SGD::nesterov, "look ahead along the momentum (PyTorch allows it only without dampening)");
    option("weight_decay", &SGD::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &SGD::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
    option("maximize", &SGD::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("b", ColumnKind::average, momentum > 0, 0.0);
  }

  struct Coefficients {
    double lr, momentum;
    double gradient_share;  // 1 − τ, or 1 in the first step
    bool has_momentum, nesterov;
  };

  Coefficients coefficients(const StepNumbers& numbers) const {
    return {.lr = lr,
            .momentum = momentum,
            .gradient_share = numbers.step == 1 ? 1 : 1 - dampening,
            .has_momentum = momentum > 0,
            .nesterov = nesterov};
  }
};

}  // namespace thalweg
