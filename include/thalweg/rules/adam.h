// Adam, AdamW and AMSGrad: one rule, a step along the mean gradient over its root mean square.
#pragma once

#include <thalweg/rule.h>

#include <cmath>

namespace thalweg {

/// What a step of Adam needs.
struct AdamCoefficients {
  double beta1, rest1;     // β₁, 1 − β₁
  double beta2, rest2;     // β₂, 1 − β₂
  double step_size;        // η / (1 − β₁ᵗ)
  double root_correction;  // 1 / √(1 − β₂ᵗ)
  double eps;
  bool amsgrad;
};

/// Adam's hyper-parameters. `Defaults` gives the name and those defaults in which Adam, AdamW and AMSGrad differ.
template <class Defaults>
struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = Defaults::weight_decay;
  bool decoupled_weight_decay = Defaults::decoupled_weight_decay;
  bool amsgrad = Defaults::amsgrad;
  bool maximize = false;

  static constexpr std::string_view name = Defaults::name;
  static constexpr std::string_view title = Defaults::title;
  static constexpr std::string_view formula = R"(m ← β₁ m + (1 − β₁) g
v ← β₂ v + (1 − β₂) g²
x ← max(x, v)                             if amsgrad; then x stands for v below
θ ← θ − η m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε))";
  static constexpr std::string_view source = Defaults::source;

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &AdamOptions::lr, at_least(0), "learning rate η");
    option("beta1", &AdamOptions::beta1, from_below(0, 1), "decay β₁ of the running mean");
    option("beta2", &AdamOptions::beta2, from_below(0, 1), "decay β₂ of the running mean of squares");
    option("eps", &AdamOptions::eps, at_least(0), "ε, keeps the denominator away from 0");
    option("weight_decay", &AdamOptions::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &AdamOptions::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
    option("amsgrad", &AdamOptions::amsgrad, "divide by the largest v so far");
    option("maximize", &AdamOptions::maximize, "ascend instead of descend");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("m", ColumnKind::average, true, 0.0);
    column("v", ColumnKind::second_moment, true, 0.0);
    column("x", ColumnKind::maximum, amsgrad, 0.0);
  }

  using Coefficients = AdamCoefficients;

  Coefficients coefficients(const StepNumbers& numbers) const {
    const auto step = static_cast<double>(numbers.step);
    return {.beta1 = beta1,
            .rest1 = 1 - beta1,
            .beta2 = beta2,
            .rest2 = 1 - beta2,
            .step_size = lr / (1 - std::pow(beta1, step)),
            .root_correction = 1 / std::sqrt(1 - std::pow(beta2, step)),
            .eps = eps,
            .amsgrad = amsgrad};
  }
};

struct AdamDefaults {
  static constexpr std::string_view name = "adam";
  static constexpr std::string_view title = "steps along the mean gradient over its root mean square";
  static constexpr std::string_view source = "Kingma, Ba (2014), arXiv 1412.6980, algorithm 1";
  static constexpr double weight_decay = 0;
  static constexpr bool decoupled_weight_decay = false;
  static constexpr bool amsgrad = false;
};

struct AdamWDefaults {
  static constexpr std::string_view name = "adamw";
  static constexpr std::string_view title = "Adam with decoupled weight decay";
  static constexpr std::string_view source = "Loshchilov, Hutter (2017), arXiv 1711.05101, algorithm 2";
  static constexpr double weight_decay = 1e-2;
  static constexpr bool decoupled_weight_decay = true;
  static constexpr bool amsgrad = false;
};

struct AMSGradDefaults {
  static constexpr std::string_view name = "amsgrad";
  static constexpr std::string_view title = "Adam that divides by the largest root mean square so far";
  static constexpr std::string_view source =
      "Reddi, Kale, Kumar (2018), arXiv 1904.09237, with Adam's bias correction as in PyTorch";
  static constexpr double weight_decay = 0;
  static constexpr bool decoupled_weight_decay = false;
  static constexpr bool amsgrad = true;
};

using Adam = AdamOptions<AdamDefaults>;
using AdamW = AdamOptions<AdamWDefaults>;
using AMSGrad = AdamOptions<AMSGradDefaults>;

}  // namespace thalweg
