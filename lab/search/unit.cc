// A dimension's values from numbers in [0, 1).
#include "search/unit.h"

#include <algorithm>
#include <cmath>

namespace thalweg::lab {

Scale scale_of(const Dimension& dimension) {
  const double margin = dimension.kind == DimensionKind::integer ? 0.5 : 0;
  const double low = dimension.low - margin, high = dimension.high + margin;
  return dimension.log ? Scale{std::log(low), std::log(high)} : Scale{low, high};
}

double value_at(const Dimension& dimension, double on_scale) {
  double value = dimension.log ? std::exp(on_scale) : on_scale;
  if (dimension.kind == DimensionKind::integer) value = std::floor(value + 0.5);
  return std::clamp(value, dimension.low, dimension.high);
}

double on_scale(const Dimension& dimension, double value) { return dimension.log ? std::log(value) : value; }

double value_of_unit(const Dimension& dimension, double unit) {
  if (dimension.kind == DimensionKind::choice) {
    return std::floor(unit * static_cast<double>(dimension.choices.size()));
  }
  const Scale scale = scale_of(dimension);
  // Not low + unit · (high − low): that overflows where low and high are both huge.
  return value_at(dimension, scale.low * (1 - unit) + scale.high * unit);
}

double unit_of(const Random& random, std::uint64_t position) {
  return static_cast<double>(random.below(std::uint64_t{1} << 53, position)) * 0x1p-53;
}

}  // namespace thalweg::lab
