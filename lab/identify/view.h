// View: the part of a recorded run that a fit looks at, some of its elements over its first steps.
#pragma once

#include "replay/recording.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace thalweg::lab::identify {

/// Two steps after which the parameters are recorded, and none between them. 0 is before the first step.
struct Mark {
  std::int64_t from, to;
};

/// Vectors without a word about them have `elements` numbers for each mark.
struct View {
  std::size_t elements = 0;
  std::int64_t steps = 0;
  std::vector<std::vector<double>> gradients;  ///< of each step; empty: there is none
  std::vector<std::size_t> parameters;         ///< how many elements of each, if some lack gradients that others have
  std::vector<std::vector<std::size_t>> without;  ///< those of each step, by number; empty without `parameters`
  std::map<std::int64_t, double> lrs;             ///< new from this step on
  std::vector<Mark> marks;
  std::vector<double> before;      ///< the parameters at `from`
  std::vector<double> changes;     ///< their recorded change until `to`
  std::vector<double> noise;       ///< how far rounding alone may take a change: what misfits are measured in
  std::vector<double> typical;     ///< of each element: root mean square of its changes
  std::int64_t* budget = nullptr;  ///< work that is left for this view and others, where it is bounded
  double model_noise = 1;          ///< how far rounding takes a change that is computed in double, in units of `noise`
};

/// How exact a recording is.
struct Precision {
  bool is_float64 = true;
  double rtol = 0;  ///< beside rounding: relative error, as `--rtol` says it
};

/// These elements of the steps up to the last recorded one that is not behind `steps`.
View make_view(const Recording& recording, std::span<const std::size_t> elements, std::int64_t steps,
               const Precision& precision);

/// At most `count` elements, of gradients as different in size as there are.
std::vector<std::size_t> diverse_elements(const Recording& recording, std::size_t count);

std::vector<std::size_t> all_elements(const Recording& recording);

/// Steps after which parameters are recorded, without 0.
std::vector<std::int64_t> recorded_steps(const Recording& recording);

}  // namespace thalweg::lab::identify
