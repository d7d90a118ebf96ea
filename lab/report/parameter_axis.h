// Axes of a search's parameters: where a value lies within the range that it was taken from.
#pragma once

#include "report/axis.h"
#include "search/space.h"

#include <optional>
#include <vector>

namespace thalweg::lab {

/// From end to end of a range, on its scale, with a little room; the choices of a choice side by side.
class ParameterAxis {
 public:
  /// The range must live as long. `has_absent`: there is a place at the beginning for trials in which it does not
  /// count.
  explicit ParameterAxis(const Dimension& range, bool has_absent = false) : range_(range), has_absent_(has_absent) {}

  /// In percent; a choice is its index.
  double place(std::optional<double> value) const;
  /// A few; all of a choice. Their texts are HTML.
  std::vector<Axis::Tick> ticks() const;
  bool is_choice() const { return range_.kind == DimensionKind::choice; }

 private:
  double part(double value) const;  // in [0, 1] of what is not for absent values

  const Dimension& range_;
  bool has_absent_;
};

}  // namespace thalweg::lab
