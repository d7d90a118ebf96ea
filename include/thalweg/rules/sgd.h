// SGD: steps against the gradient, with momentum and Nesterov's look-ahead if asked for.
#pragma once

#include <thalweg/rule.h>

namespace thalweg::inline v0_1 {

/// SGD's hyper-parameters, with PyTorch's names and defaults.
struct SGD {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  bool dampen_first_step = false;
  bool nesterov = false;
  bool lr_in_momentum = false;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool maximize = false;

  static constexpr std::string_view name = "sgd";
  static constexpr std::string_view title = "steps against the gradient, with momentum if asked for";
  static constexpr std::string_view formula =
      R"(b ← g                                     if momentum, first step with it; (1 − τ) g if dampen_first_step
b ← μ b + (1 − τ) g                       if momentum, later steps
u = g, or b if momentum, or g + μ b if nesterov
θ ← θ − η u                               with lr_in_momentum η stands in front of every g instead)";
  static constexpr std::string_view source =
      "Polyak (1964), doi 10.1016/0041-5553(64)90137-5; Nesterov form: Sutskever et al. (2013), as PyTorch writes it";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &SGD::lr, at_least(0), "learning rate η");
    option("momentum", &SGD::momentum, from_below(0, 1), "momentum μ; 0 is none");
    option("dampening", &SGD::dampening, between(0, 1),
           "dampening τ of the gradient in the momentum, from its second step on");
    option("dampen_first_step", &SGD::dampen_first_step, "dampening τ in its first step too (MLX): b begins at 0");
    option("nesterov", &SGD::nesterov, "look ahead along the momentum (PyTorch allows it only without dampening)");
    option("lr_in_momentum", &SGD::lr_in_momentum, "η inside the momentum buffer (Keras)");
    option("weight_decay", &SGD::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &SGD::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
    option("maximize", &SGD::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("b", ColumnKind::average, momentum > 0, 0.0);
  }

  struct Coefficients {
    double lr_before, lr_after;  // η inside the momentum buffer, η outside: one of them is 1
    double momentum;
    double gradient_share;  // 1 − τ; mostly 1 where b begins
    bool has_momentum, nesterov;
  };

  Coefficients coefficients(const StepNumbers& numbers) const {
    const bool inside = lr_in_momentum && momentum > 0;
    return {.lr_before = inside ? lr : 1,
            .lr_after = inside ? 1 : lr,
            .momentum = momentum,
            .gradient_share = numbers.begins(0) && !dampen_first_step ? 1 : 1 - dampening,
            .has_momentum = momentum > 0,
            .nesterov = nesterov};
  }
};

}  // namespace thalweg::inline v0_1
