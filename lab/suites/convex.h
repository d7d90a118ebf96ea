// Convex: the counterexample to RMSprop's convergence on convex functions, as an experiment on the engine alone.
#pragma once

#include "suites/claim.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Reddi, Kale and Kumar (2018), "On the convergence of Adam and beyond", arXiv 1904.09237, section 3: minimise the sum
/// of f_t(x) = C x if t mod p = 1, else −x, over x in [−1, 1], seeing the gradient of one f_t a step; x is put back
/// into [−1, 1] after each. Here C = 2 p, so that a period's functions add up to (p + 1) x, and −1 is the best x. A
/// rule whose memory of squared gradients is shorter than the period has forgotten C by the time it makes its p − 1
/// steps the wrong way.
struct ConvexProblem {
  std::string label;      ///< for people
  std::string optimizer;  ///< as parse_description reads it, without lr
  std::int64_t period = 3;
  double lr = 1;
  bool falls = true;  ///< lr / √t; else lr
  std::int64_t periods = 20;
};

struct ConvexRun {
  ConvexProblem problem;
  double x = 0;       ///< at the end
  double mean_x = 0;  ///< over the last period, before each of its steps
  /// (1/T) Σ (f_t(x_t) − f_t(−1)): 0 of −1 all along, about 2 of 1 all along, 1 of 0.
  double regret = 0;
};

/// From x = 0, in double.
ConvexRun run_convex(const ConvexProblem& problem);

/// RMSprop with three memories, each on a period that is longer and one of them also on a shorter one; Adam, AMSGrad,
/// Adagrad and SGD on the longest.
std::vector<ConvexProblem> convex_problems();

Judgement judge_convex(std::span<const ConvexRun> runs);

}  // namespace thalweg::lab
