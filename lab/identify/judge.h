// Judge: when a misfit is none. All tolerances of identify stand here.
#pragma once

#include "identify/model.h"
#include "identify/view.h"

#include <optional>

namespace thalweg::lab::identify {

/// Largest relative error, as `thalweg replay` measures it, of a replay from the first step to the last. The updates
/// are judged more sharply below; this catches what adds up.
constexpr double kToleranceFloat64 = 1e-9, kToleranceFloat32 = 1e-4;

inline double tolerance(bool is_float64, std::optional<double> rtol) {
  return rtol.value_or(is_float64 ? kToleranceFloat64 : kToleranceFloat32);
}

/// Root mean square, in units of the rounding, up to which updates are the recorded ones.
constexpr double kMostUnits = 3;
/// A single update may be this many units off: where a variance v − m² nearly cancels, it may.
constexpr double kMostUnitsOnce = 300;
/// Updates may be off by this part where a framework's constants are float32 and its numbers float64.
constexpr double kCloseUpdates = 3e-7;
/// Of several candidates those remain whose mean square is not this many times the best one's.
constexpr double kToldApart = 4;
/// An option may take every value that raises the sum of squares by no more than this: five standard deviations.
constexpr double kFiveDeviations = 25;
/// A recording says nothing below this mean square: rounding.
constexpr double kRounding = 0.5;

/// Down to rounding.
inline bool is_exact(const Misfit& misfit) {
  return misfit.mean_square <= kMostUnits * kMostUnits && misfit.largest <= kMostUnitsOnce;
}

/// Exact, or as close as float32 constants in float64 come.
inline bool passes(const Misfit& misfit) { return is_exact(misfit) || misfit.relative <= kCloseUpdates; }

/// The mean square up to which another fit is as good as one of this mean square.
inline double as_good_as(double mean_square, const View& view) {
  const double floor = mean_square > kRounding ? mean_square : kRounding;
  return mean_square + kFiveDeviations * floor / static_cast<double>(view.changes.size());
}

}  // namespace thalweg::lab::identify
