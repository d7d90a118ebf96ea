// LARS: SGD with momentum, whose gradient is made a fixed part as long as the parameter.
#pragma once

#include <thalweg/rule.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace thalweg::inline v0_1 {

/// LARS' hyper-parameters, with timm's names and defaults; the others cover Optax.
struct LARS {
  double lr = 1;
  double momentum = 0;
  double dampening = 0;
  bool nesterov = false;
  double weight_decay = 0;
  double trust_coefficient = 0.001;
  double eps = 1e-8;
  bool trust_clip = false;
  bool always_adapt = false;
  bool norm_of_sum = false;
  bool lr_in_momentum = false;
  bool maximize = false;

  static constexpr std::string_view name = "lars";
  static constexpr std::string_view title = "steps against the gradient by a fixed part of the parameter's length";
  static constexpr std::string_view formula =
      R"(s = g + λ θ
r = ϱ ‖θ‖ / (‖g‖ + λ ‖θ‖ + ε)             of all elements of the parameter, ϱ = trust_coefficient; 1 unless both
                                          norms are above 0; min(r / η, 1) if trust_clip
r = ϱ ‖θ‖ / (‖s‖ + ε)                     instead if norm_of_sum
r = 1                                     if λ = 0 unless always_adapt
s ← r s                                   or η r s if lr_in_momentum
b ← s                                     if momentum, first step with it
b ← μ b + (1 − τ) s                       if momentum, later steps
u = s, or b if momentum, or s + μ b if nesterov
θ ← θ − η u                               or θ − u if lr_in_momentum)";
  static constexpr std::string_view source = "You, Gitman, Ginsburg (2017), arXiv 1708.03888, algorithm 1";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &LARS::lr, at_least(0), "learning rate η");
    option("momentum", &LARS::momentum, from_below(0, 1), "momentum μ; 0 is none");
    option("dampening", &LARS::dampening, between(0, 1),
           "dampening τ of the gradient in the momentum, from its second step on");
    option("nesterov", &LARS::nesterov, "look ahead along the momentum");
    option("weight_decay", &LARS::weight_decay, at_least(0), "weight decay λ");
    option("trust_coefficient", &LARS::trust_coefficient, at_least(0),
           "ϱ, the part of the parameter's length that a step has at η = 1");
    option("eps", &LARS::eps, at_least(0), "ε, keeps the denominator away from 0");
    option("trust_clip", &LARS::trust_clip, "the ratio of norms, over η, is at most 1 (timm)");
    option("always_adapt", &LARS::always_adapt, "the ratio of norms without weight decay too (Optax)");
    option("norm_of_sum", &LARS::norm_of_sum, "‖g + λθ‖ in the ratio instead of ‖g‖ + λ‖θ‖ (Optax)");
    option("lr_in_momentum", &LARS::lr_in_momentum, "η inside the momentum buffer (Optax)");
    option("maximize", &LARS::maximize, "ascend instead of descend");
  }

  static constexpr bool decays_itself = true;

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("b", ColumnKind::average, momentum > 0, 0.0);
  }

  /// Σθ², and Σg² or Σs².
  static constexpr std::array<SumInfo, 2> sums = {{{SumScope::tensor, 0}, {SumScope::tensor, 0}}};

  bool takes(std::size_t, const Layout&) const { return always_adapt || weight_decay != 0; }

  struct Coefficients {
    double decay;     // λ
    double scale;     // r, and η inside the momentum buffer
    double lr_after;  // η outside, or 1
    double momentum;
    double gradient_share;  // 1 − τ; 1 where b begins
    bool has_momentum, nesterov, norm_of_sum;
  };

  Coefficients coefficients(const StepNumbers& numbers) const {
    const bool inside = lr_in_momentum && momentum > 0;
    return {.decay = weight_decay,
            .scale = inside ? lr : 1,
            .lr_after = inside ? 1 : lr,
            .momentum = momentum,
            .gradient_share = numbers.begins(0) ? 1 : 1 - dampening,
            .has_momentum = momentum > 0,
            .nesterov = nesterov,
            .norm_of_sum = norm_of_sum};
  }

  bool settle(const Settling& settling, Coefficients& c) const {
    if (!settling.has_sum(0)) return true;
    const double of_parameter = std::sqrt(settling.sum(0)), of_gradient = std::sqrt(settling.sum(1));
    double ratio = 1;
    if (of_parameter > 0 && of_gradient > 0) {
      const double decayed = norm_of_sum ? of_gradient : of_gradient + weight_decay * of_parameter;
      ratio = trust_coefficient * of_parameter / (decayed + eps);
    }
    if (trust_clip) ratio = lr > 0 ? std::min(ratio / lr, 1.0) : 1;
    c.scale *= ratio;
    return true;
  }
};

}  // namespace thalweg::inline v0_1
