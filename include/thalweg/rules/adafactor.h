// Adafactor: divides by root mean squares, of which a matrix keeps those of its rows and columns alone.
#pragma once

#include <thalweg/power.h>
#include <thalweg/rule.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace thalweg::inline v0_1 {

/// Adafactor's hyper-parameters, with PyTorch's defaults; the others cover Keras, Optax and timm.
struct Adafactor {
  double lr = 1e-2;
  double beta2_decay = -0.8;
  double decay_offset = 0;
  double eps1 = static_cast<double>(std::numeric_limits<float>::epsilon());
  double eps2 = 1e-3;
  double clip_threshold = 1;
  double momentum = 0;
  double weight_decay = 0;
  bool relative_step = true;
  bool warmup_init = false;
  bool scale_parameter = true;
  bool eps_inside = false;
  bool decay_first = false;
  bool decay_without_lr = false;
  bool decay_with_scale = false;
  bool factored = true;
  double min_dim_size_to_factor = 0;
  bool maximize = false;

  static constexpr std::string_view name = "adafactor";
  static constexpr std::string_view title = "divides by root mean squares, kept by row and column of a matrix";
  static constexpr std::string_view formula =
      R"(θ ← (1 − ηλ) θ                            if decay_first
k = max(t − decay_offset, 1)^beta2_decay  the share of the new squares
ρ = min(η, 1/√t)                          or min(η t, 1/√t) if warmup_init; η unless relative_step
α = ρ max(ε₂, rms θ)                      or ρ unless scale_parameter
s = g²                                    or g² + ε₁ if eps_inside
rᵢ ← (1 − k) rᵢ + k meanⱼ sᵢⱼ             if factored, of each matrix of the last two dimensions
cⱼ ← (1 − k) cⱼ + k meanᵢ sᵢⱼ             if factored
v̂ᵢⱼ = rᵢ cⱼ / max(mean r, ε₁)             if factored; rᵢ cⱼ / mean r if eps_inside
v ← (1 − k) v + k s, v̂ = v                otherwise
u = g / max(√v̂, ε₁)                       or g / √v̂ if eps_inside; 0 where g is
u ← α u / max(1, rms u / d)               d = clip_threshold; α u if d = 0
m ← μ m + (1 − μ) u, u ← m                if momentum
θ ← θ − u − η λ θ                         or α λ θ if decay_with_scale, or λ θ if decay_without_lr; without it if
                                          decay_first)";
  static constexpr std::string_view source =
      "Shazeer, Stern (2018), arXiv 1804.04235, algorithms 4, 5; ε₁ as PyTorch, Keras, Optax have it";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &Adafactor::lr, at_least(0), "learning rate η: with relative_step the largest one");
    option("beta2_decay", &Adafactor::beta2_decay, between(-100, 0), "exponent of t in the share of the new squares");
    option("decay_offset", &Adafactor::decay_offset, between(-1e15, 1e15), "steps by which that begins later (Optax)");
    option("eps1", &Adafactor::eps1, at_least(0), "ε₁, keeps the denominator away from 0");
    option("eps2", &Adafactor::eps2, at_least(0), "ε₂, the smallest rms of the parameter that scales the step");
    option("clip_threshold", &Adafactor::clip_threshold, at_least(0),
           "the largest rms d of a step before η; 0 is none");
    option("momentum", &Adafactor::momentum, from_below(0, 1),
           "decay μ of a running mean of steps (Optax, timm); 0 is none");
    option("weight_decay", &Adafactor::weight_decay, at_least(0), "weight decay λ, never coupled");
    option("relative_step", &Adafactor::relative_step, "the learning rate is 1/√t at most");
    option("warmup_init", &Adafactor::warmup_init, "that and η t at most (timm)");
    option("scale_parameter", &Adafactor::scale_parameter, "the step is as large as the parameter is");
    option("eps_inside", &Adafactor::eps_inside, "ε₁ beside g² (Keras, Optax) instead of below the root");
    option("decay_first", &Adafactor::decay_first, "decay in front of the step (Keras)");
    option("decay_without_lr", &Adafactor::decay_without_lr, "decay by λ alone (Optax)");
    option("decay_with_scale", &Adafactor::decay_with_scale, "decay by αλ (timm)");
    option("factored", &Adafactor::factored, "keep squares by row and column where there are any");
    option("min_dim_size_to_factor", &Adafactor::min_dim_size_to_factor, at_least(0),
           "rows and columns that a matrix must have for that");
    option("maximize", &Adafactor::maximize, "ascend instead of descend");
  }

  static constexpr bool decays_itself = true;

  constexpr bool is_factored(const Layout& layout) const {
    return factored && layout.is_matrix() &&
           static_cast<double>(std::min(layout.rows, layout.columns)) >= min_dim_size_to_factor;
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column, const Layout& layout = {}) const {
    const bool by_line = is_factored(layout);
    column("r", ColumnKind::second_moment, by_line, 0.0, ColumnShape::rows);
    column("c", ColumnKind::second_moment, by_line, 0.0, ColumnShape::columns);
    column("v", ColumnKind::second_moment, !by_line, 0.0);
    column("m", ColumnKind::average, momentum > 0, 0.0);
  }

  /// Σθ², Σs of each row and column; then Σu².
  static constexpr std::array<SumInfo, 4> sums = {
      {{SumScope::tensor, 0}, {SumScope::rows, 0}, {SumScope::columns, 0}, {SumScope::tensor, 1}}};

  bool takes(std::size_t k, const Layout& layout) const {
    if (k == 0) return scale_parameter;
    return k == 3 ? clip_threshold > 0 : is_factored(layout);
  }

  struct Coefficients {
    double shrink;             // 1 − ηλ, or 1
    double share, rest;        // k, 1 − k
    double within, below;      // ε₁ beside g² and below √v̂, or 0
    double largest;            // 1 / √v̂ at most
    double scale;              // α
    double step;               // α / max(1, rms u / d)
    double momentum, rest_mu;  // μ, 1 − μ
    double decay;              // λ by what it is multiplied with, or 0
    bool by_line, has_momentum;
  };

  Coefficients coefficients(const StepNumbers& numbers) const {
    const auto t = static_cast<double>(numbers.step);
    const double share = power(logarithm(std::max(t - decay_offset, 1.0)), beta2_decay);
    const double scale = relative_step ? std::min(warmup_init ? lr * t : lr, 1 / std::sqrt(t)) : lr;
    return {.shrink = decay_first ? 1 - lr * weight_decay : 1,
            .share = share,
            .rest = 1 - share,
            .within = eps_inside ? eps1 : 0,
            .below = eps_inside ? 0 : eps1,
            .largest = eps_inside ? std::numeric_limits<double>::infinity() : 1 / eps1,
            .scale = scale,
            .step = scale,
            .momentum = momentum,
            .rest_mu = 1 - momentum,
            .decay = decay(scale),
            .by_line = is_factored(numbers.layout),
            .has_momentum = momentum > 0};
  }

  bool settle(const Settling& settling, Coefficients& c) const {
    const Layout& layout = settling.numbers.layout;
    const auto rms = [&](std::size_t sum) {
      return std::sqrt(settling.sum(sum) / static_cast<double>(layout.elements));
    };
    if (settling.round == 1) {
      if (settling.has_sum(3)) c.step = c.scale / larger(rms(3) / clip_threshold, 1);
      return true;
    }
    if (settling.has_sum(0)) {
      c.step = c.scale = c.scale * larger(rms(0), eps2);
      c.decay = decay(c.scale);
    }
    if (c.by_line) {
      see(settling, c, 1, settling.columns[0], layout.columns);
      see(settling, c, 2, settling.columns[1], layout.rows);
    }
    return true;
  }

  /// √(max(mean r, ε₁) / r) and √(1 / c), whose product is 1 / √v̂: a step then takes neither a root nor a division.
  void show(const Settling& settling, const std::span<double>* shown) const {
    const Layout& layout = settling.numbers.layout;
    if (settling.round == 1 || !is_factored(layout)) return;
    for (std::size_t matrix = 0; matrix < layout.matrices; ++matrix) {
      const auto rows = settling.columns[0].subspan(matrix * layout.rows, layout.rows);
      double mean = 0;
      for (const double each : rows) mean += each;
      mean = larger(mean / static_cast<double>(layout.rows), eps_inside ? 0 : eps1);
      for (std::size_t i = 0; i < rows.size(); ++i) shown[0][matrix * layout.rows + i] = std::sqrt(mean / rows[i]);
    }
    for (std::size_t i = 0; i < shown[1].size(); ++i) shown[1][i] = std::sqrt(1 / settling.columns[1][i]);
  }

 private:
  /// The larger number, or NaN where a is.
  static double larger(double a, double b) { return a <= b ? b : a; }

  double decay(double scale) const {
    if (decay_first) return 0;
    return (decay_without_lr ? 1 : decay_with_scale ? scale : lr) * weight_decay;
  }

  /// The running means of rows or columns see the means of so many elements each.
  static void see(const Settling& settling, const Coefficients& c, std::size_t sum, std::span<double> means,
                  std::uint64_t elements) {
    const std::span<const double> by_line = settling.sums[sum];
    for (std::size_t i = 0; i < means.size(); ++i) {
      means[i] = settling.normal_or_zero(c.rest * means[i] + c.share * (by_line[i] / static_cast<double>(elements)));
    }
  }
};

}  // namespace thalweg::inline v0_1
