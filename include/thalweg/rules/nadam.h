// Nadam: Adam with Nesterov's look-ahead and a momentum that grows towards β₁.
#pragma once

#include <thalweg/power.h>
#include <thalweg/rule.h>

#include <array>
#include <cstdint>

namespace thalweg::inline v0_1 {

/// Nadam's hyper-parameters, with PyTorch's names and defaults.
struct Nadam {
  double lr = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double eps_root = 0;
  double momentum_decay = 4e-3;
  bool momentum_schedule = true;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool maximize = false;

  static constexpr std::string_view name = "nadam";
  static constexpr std::string_view title = "Adam with Nesterov's look-ahead";
  static constexpr std::string_view formula =
      R"(μₜ = β₁ (1 − ½ · 0.96^(tψ)),  P ← P μₜ     P₀ = 1; μₜ = β₁ unless momentum_schedule
m ← β₁ m + (1 − β₁) g
v ← β₂ v + (1 − β₂) g²
u = (1 − μₜ) g / (1 − P) + μₜ₊₁ m / (1 − P μₜ₊₁)
θ ← θ − η u / (√(v / (1 − β₂ᵗ) + eps_root) + ε))";
  static constexpr std::string_view source =
      "Dozat (2016), Incorporating Nesterov momentum into Adam, as PyTorch writes it";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &Nadam::lr, at_least(0), "learning rate η");
    option("beta1", &Nadam::beta1, from_below(0, 1), "decay β₁ of the running mean");
    option("beta2", &Nadam::beta2, from_below(0, 1), "decay β₂ of the running mean of squares");
    option("eps", &Nadam::eps, at_least(0), "ε, keeps the denominator away from 0");
    option("eps_root", &Nadam::eps_root, at_least(0), "ε under the root (Optax)");
    option("momentum_decay", &Nadam::momentum_decay, at_least(0), "ψ, how fast the momentum grows to β₁");
    option("momentum_schedule", &Nadam::momentum_schedule, "let the momentum grow to β₁ (Optax has it at β₁)");
    option("weight_decay", &Nadam::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &Nadam::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
    option("maximize", &Nadam::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("m", ColumnKind::average, true, 0.0);
    column("v", ColumnKind::second_moment, true, 0.0);
  }

  static constexpr std::array<ScalarInfo, 1> scalars{{{"mu_product", 1.0, between(0, 1)}}};

  /// Takes the scalars from step − 1 to step.
  void advance(std::int64_t step, double* scalar) const { scalar[0] *= momentum_at(step); }

  struct Coefficients {
    double beta1, rest1;   // β₁, 1 − β₁
    double beta2, rest2;   // β₂, 1 − β₂
    double gradient_step;  // η (1 − μₜ) / (1 − P)
    double momentum_step;  // η μₜ₊₁ / (1 − P μₜ₊₁)
    double spread;         // 1 / (1 − β₂ᵗ)
    double eps_root, eps;
  };

  Coefficients coefficients(const StepNumbers& numbers) const {
    const double product = numbers.scalars[0], next = momentum_at(numbers.step + 1);
    return {.beta1 = beta1,
            .rest1 = 1 - beta1,
            .beta2 = beta2,
            .rest2 = 1 - beta2,
            .gradient_step = lr * (1 - momentum_at(numbers.step)) / (1 - product),
            .momentum_step = lr * next / (1 - product * next),
            .spread = 1 / (1 - power(beta2, numbers.step)),
            .eps_root = eps_root,
            .eps = eps};
  }

 private:
  double momentum_at(std::int64_t step) const {
    if (!momentum_schedule) return beta1;
    static const Logarithm base = logarithm(0.96);
    return beta1 * (1 - 0.5 * power(base, static_cast<double>(step) * momentum_decay));
  }
};

}  // namespace thalweg::inline v0_1
