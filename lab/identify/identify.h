// Identify: which rules, under which options, give the numbers of a recorded run.
#pragma once

#include "identify/simplify.h"
#include "identify/unknown_run.h"

#include <thalweg/dialects.h>
#include <thalweg/optimizer.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab::identify {

/// One way to write a formula.
struct Spelling {
  Options options;
  std::vector<OpenOption> open;     ///< what the recording does not determine
  std::vector<std::size_t> fitted;  ///< options that were not told, by index in the rule's list
};

/// A formula with its options that gives the recorded numbers.
struct Candidate : Spelling {
  std::vector<StepCount> step_counts;   ///< ways to count steps that give the numbers
  std::optional<StepCount> only_count;  ///< the only one of them, if gradients are missing and the rule counts
  double largest_error = 0;             ///< relative, of a replay in the recording's type
  double deviation = 0;                 ///< root mean square of the updates' errors, in units of what rounding does
  bool is_exact = true;                 ///< down to rounding
  std::vector<Spelling> same;           ///< other options, perhaps of other rules, that are the same formula
  std::vector<Expression> expressions;  ///< of the frameworks, with their defaults where the recording leaves it open
};

/// What comes nearest where nothing fits.
struct NearMiss {
  Options options;
  double largest_error = 0;
  double relative = 0;          ///< root mean square of the updates' errors over the updates
  std::int64_t first_step = 0;  ///< the first recorded step whose update is another
};

/// What a search found out.
struct Answer {
  std::vector<Candidate> candidates;  ///< the simplest first; nothing in the recording tells them apart
  std::vector<NearMiss> near;         ///< the nearest first; only if there is no candidate
  std::string nothing_to_tell;        ///< why every rule fits, if that is so
  std::vector<std::string> hints;     ///< what would tell the candidates apart, or what may have gone wrong
  double tolerance = 0;               ///< of the replay
  bool is_cut_short = false;          ///< the search was stopped, its work being bounded

  bool fits() const { return !candidates.empty() || !nothing_to_tell.empty(); }
};

struct Wishes {
  std::optional<double> rtol;
  std::size_t near = 3;  ///< how many near misses
  /// Called now and then with how much is done, in [0, 1].
  std::function<void(double)> progress = [](double) {};
};

Answer identify(const UnknownRun& run, const Wishes& wishes);

}  // namespace thalweg::lab::identify
