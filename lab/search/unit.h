// A dimension's values from numbers in [0, 1), so that equal distances there are equally likely.
#pragma once

#include "search/space.h"

#include <thalweg/random.h>

namespace thalweg::lab {

/// A number's range on its scale, on which it is uniform: of logarithms if the dimension is logarithmic; whole numbers
/// have half a step more at both ends, so that each has its share.
struct Scale {
  double low = 0, high = 0;
};
Scale scale_of(const Dimension& dimension);

/// The number there, within its dimension's range.
double value_at(const Dimension& dimension, double on_scale);
/// The other way.
double on_scale(const Dimension& dimension, double value);

/// The dimension's value at this share, in [0, 1), of its range: of a choice its index.
double value_of_unit(const Dimension& dimension, double unit);

/// Uniform in [0, 1), a multiple of 2⁻⁵³.
double unit_of(const Random& random, std::uint64_t position);

}  // namespace thalweg::lab
