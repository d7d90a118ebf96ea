// Simplify: of all options that fit as well, those that somebody would have written.
#pragma once

#include "identify/fit.h"

#include <string>
#include <vector>

namespace thalweg::lab::identify {

/// An option that the recording leaves open, and between which values.
struct OpenOption {
  std::string option;
  double low, high;
};

/// Puts round values, the rule's default and 0 in place of the unknowns as long as the fit is as good; the others
/// follow. `start` is a fit of the problem.
Fit simplify(const Problem& problem, const Fit& start);

/// Which options could as well have other values, if the rest follows: of the unknowns, and of `off`, which are 0 now.
/// `problem.options` are as they were found.
std::vector<OpenOption> open_options(const Problem& problem, const std::vector<Unknown>& off, double mean_square);

}  // namespace thalweg::lab::identify
