// A rule of one's own, AdaBelief, which thalweg does not have: written as thalweg's rules are, run as fast as they are.
#include <thalweg/power.h>
#include <thalweg/thalweg.h>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

/// AdaBelief's hyper-parameters, with the authors' names and defaults.
struct AdaBelief {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-16;
  double weight_decay = 0;
  bool decoupled_weight_decay = true;

  static constexpr std::string_view name = "adabelief";
  static constexpr std::string_view title = "Adam that divides by how far gradients are from their mean";
  static constexpr std::string_view formula = R"(m ← β₁ m + (1 − β₁) g
s ← β₂ s + (1 − β₂) (g − m)² + ε
θ ← θ − η m / (1 − β₁ᵗ) / (√(s / (1 − β₂ᵗ)) + ε))";
  static constexpr std::string_view source = "Zhuang et al. (2020), arXiv 2010.07468, algorithm 2";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    using thalweg::at_least, thalweg::from_below;
    option("lr", &AdaBelief::lr, at_least(0), "learning rate η");
    option("beta1", &AdaBelief::beta1, from_below(0, 1), "decay β₁ of the running mean");
    option("beta2", &AdaBelief::beta2, from_below(0, 1), "decay β₂ of the running variance");
    option("eps", &AdaBelief::eps, at_least(0), "ε, keeps the denominator away from 0");
    option("weight_decay", &AdaBelief::weight_decay, at_least(0), "weight decay λ");
    option("decoupled_weight_decay", &AdaBelief::decoupled_weight_decay, "θ ← (1 − ηλ) θ instead of g ← g + λθ");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("m", thalweg::ColumnKind::average, true, 0.0);
    column("s", thalweg::ColumnKind::second_moment, true, 0.0);
  }

  struct Coefficients {
    double beta1, rest1;  // β₁, 1 − β₁
    double beta2, rest2;  // β₂, 1 − β₂
    double eps;
    double step_size;  // η / (1 − β₁ᵗ)
    double spread;     // 1 / (1 − β₂ᵗ)
  };

  Coefficients coefficients(const thalweg::StepNumbers& numbers) const {
    return {.beta1 = beta1,
            .rest1 = 1 - beta1,
            .beta2 = beta2,
            .rest2 = 1 - beta2,
            .eps = eps,
            .step_size = lr / (1 - thalweg::power(beta1, numbers.step)),
            .spread = 1 / (1 - thalweg::power(beta2, numbers.step))};
  }
};

#define THALWEG_OWN_RULE AdaBelief
#define THALWEG_OWN_RULE_FORMULA "own_rule-inl.h"
#include <thalweg/own_rule.h>

int main() {
  thalweg::add_rule<AdaBelief>();

  // A narrow valley, x² + 100 y²: by the fastest instruction set of this machine, and by plain loops in double.
  const auto descend = [](const std::string& backend) {
    std::vector<double> point{4, 3};
    thalweg::Optimizer optimizer{AdaBelief{.lr = 0.1}, {}, {.backend = backend}};
    optimizer.add("point", point);
    for (int step = 0; step < 500; ++step) {
      optimizer.set("lr", 0.1 * std::pow(0.99, step));
      optimizer.step({{"point", std::vector<double>{2 * point[0], 200 * point[1]}}});
    }
    std::printf("%-10s reached (%.2e, %.2e)\n", std::string(optimizer.target()).c_str(), point[0], point[1]);
    return point;
  };
  const std::vector<double> fast = descend("auto"), reference = descend("reference");

  // It is a rule like the others: by name and with checks, and its state is saved and loaded.
  std::printf("%s\n", thalweg::parse_options("adabelief:lr=0.01,beta2=0.99").text().c_str());
  try {
    thalweg::parse_options("adabelief:beta2=1");
  } catch (const thalweg::Error& error) {
    std::printf("%s\n", error.what());
  }
  return fast == reference && std::hypot(fast[0], fast[1]) < 1e-2 ? 0 : 1;
}
