// Axis: from where to where a plot's numbers go, and its ticks.
#pragma once

#include <string>
#include <vector>

namespace thalweg::lab {

struct Axis {
  double low = 0, high = 1, step = 1;

  /// Where a value lies, in percent of the axis.
  double place(double value) const { return (value - low) / (high - low) * 100; }

  struct Tick {
    double place;  ///< in percent
    std::string text;
    double value = 0;  ///< of axes of numbers
  };
  std::vector<Tick> ticks() const;
};

/// A few ticks at 1, 2 or 5 times a power of ten, with room at both ends.
Axis axis_for(double least, double greatest);

}  // namespace thalweg::lab
