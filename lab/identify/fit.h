// Fit: the unknown options of one variant of a rule, by least squares over a part of a recording.
#pragma once

#include "identify/model.h"
#include "identify/trait.h"
#include "identify/view.h"

#include <thalweg/optimizer.h>

#include <cstddef>
#include <optional>
#include <vector>

namespace thalweg::lab::identify {

/// An option whose value is looked for.
struct Unknown {
  std::size_t option;  ///< index in the rule's list
  Trait trait;
};

/// What is fitted: options with their values so far, and which of them are free.
struct Problem {
  const View* view = nullptr;
  Options options;
  StepCount step_count{};
  std::vector<Unknown> unknowns;
  /// η is free too, and changes are proportional to it: then it follows from the others in closed form.
  bool projects_lr = false;
};

/// The problem with the options that jump as they are: no fit can move them.
Problem without_jumps(Problem problem);

/// Options with the misfit that they have.
struct Fit {
  Options options;
  Misfit misfit;
};

/// How long a fit may take.
struct Effort {
  int iterations = 40;
  double goal = 0;  ///< mean square that is good enough
};

/// The misfit of these options; with `projects_lr`, under the best η. Nothing if no η > 0 is best.
std::optional<Fit> evaluate(const Problem& problem, const Options& options);

/// Levenberg-Marquardt from the problem's own options. Nothing where these cannot be evaluated.
std::optional<Fit> fit(const Problem& problem, const Effort& effort);

/// Standard deviations of the unknowns on their scales at the problem's own options, from the curvature there, for
/// residuals of mean square `mean_square`; infinite where an option has no influence, or the others can make up for it.
std::vector<double> deviations(const Problem& problem, double mean_square);

}  // namespace thalweg::lab::identify
