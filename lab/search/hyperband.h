// Hyperband: how many trials get how much of the budget (Li et al. 2018, "Hyperband: a novel bandit-based approach to
// hyperparameter optimization").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace thalweg::lab {

/// A stage of a bracket: so many of its trials go on until they have had so much of the budget.
struct Rung {
  std::int64_t trials = 0;
  std::int64_t budget = 0;  ///< epochs or steps since the trial's begin
};

/// Trials that begin together, of which at each rung's end the best go on to the next.
struct Bracket {
  std::int64_t first = 0;   ///< number of its first trial
  std::vector<Rung> rungs;  ///< the first has all of its trials, the last the whole budget
};

/// Brackets for `trials` trials in all, of which each has between `least` and `most` of the budget: from the most
/// exploring one to the one that gives all trials the whole budget, and again from the beginning until there are enough
/// trials; the last bracket may be cut. `eta`: at each rung the best 1/eta go on with eta times the budget. Throws
/// thalweg::Error if a number is not positive, least > most, or eta < 2.
std::vector<Bracket> hyperband(std::int64_t trials, std::int64_t least, std::int64_t most, std::int64_t eta = 3);

/// Indices of the `count` best of these values, ascending; the lower the better, nothing worse than any value, and of
/// equals the first ones.
std::vector<std::size_t> best_of(std::span<const std::optional<double>> values, std::size_t count);

}  // namespace thalweg::lab
