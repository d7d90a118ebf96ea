// Schedule: a learning rate that follows the step number, as Keras 3's schedule objects compute it.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace thalweg {

/// @name Kinds of schedules
///
/// Formulas in k, the number of steps taken before (Keras: iterations), so that k = 0 at the first step.
/// @{

/// η = initial · rate^(k / steps); with staircase the exponent is rounded down.
struct ExponentialDecay {
  double initial = 0.1;
  double decay_steps = 1;  ///< (0, ∞)
  double decay_rate = 1;
  bool staircase = false;
};

/// η = values[i], i the number of boundaries that are smaller than k. One value more than boundaries.
struct PiecewiseConstantDecay {
  std::vector<double> boundaries;
  std::vector<double> values;
};

/// η = (initial − end) (1 − k / steps)^power + end, until k = steps; with cycle, steps are multiplied to reach k
/// instead.
struct PolynomialDecay {
  double initial = 0.1;
  double decay_steps = 1;  ///< (0, ∞)
  double end = 1e-4;
  double power = 1;
  bool cycle = false;
};

/// η = initial / (1 + rate · k / steps); with staircase the quotient k / steps is rounded down.
struct InverseTimeDecay {
  double initial = 0.1;
  double decay_steps = 1;  ///< (0, ∞)
  double decay_rate = 1;
  bool staircase = false;
};

/// η = top ((1 − alpha) (1 + cos πx) / 2 + alpha), x = k / steps up to 1. With a warm-up η first rises linearly from
/// initial to warmup_target, which is then the top, and k counts from there; without one the top is initial.
struct CosineDecay {
  double initial = 0.1;
  double decay_steps = 1;  ///< (0, ∞)
  double alpha = 0;
  std::optional<double> warmup_target = {};
  double warmup_steps = 0;  ///< [0, ∞)
};

/// Cosine decay that begins anew, each period t_mul times as long as the one before and its top m_mul times as high:
/// Loshchilov, Hutter (2017), arXiv 1608.03983.
struct CosineDecayRestarts {
  double initial = 0.1;
  double first_decay_steps = 1;  ///< (0, ∞)
  double t_mul = 2;              ///< (0, ∞)
  double m_mul = 1;
  double alpha = 0;
};

/// @}

/// One of them. `optimizer.set("lr", schedule.lr(step))` before every step applies it.
class Schedule {
 public:
  using Kind = std::variant<ExponentialDecay, PiecewiseConstantDecay, PolynomialDecay, InverseTimeDecay, CosineDecay,
                            CosineDecayRestarts>;

  /// Throws Error if a number is not finite or outside its range.
  Schedule(Kind kind);  // NOLINT(google-explicit-constructor): a schedule is one of the kinds

  const Kind& kind() const { return kind_; }

  /// The learning rate of a step, counted from 1.
  double lr(std::int64_t step) const;

 private:
  Kind kind_;
};

}  // namespace thalweg
