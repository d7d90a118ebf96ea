// Real: the plain-double lane on which rules run in the reference back-end.
#pragma once

#include <cmath>
#include <limits>

namespace thalweg::reference {

/// One element of type T, computed in double.
template <class T>
struct Real {
  double value = 0;

  Real() = default;
  Real(double x) : value(x) {}  // NOLINT: formulas mix numbers and lanes

  friend Real operator+(Real a, Real b) { return a.value + b.value; }
  friend Real operator-(Real a, Real b) { return a.value - b.value; }
  friend Real operator*(Real a, Real b) { return a.value * b.value; }
  friend Real operator/(Real a, Real b) { return a.value / b.value; }
  friend Real operator-(Real a) { return -a.value; }
  friend Real sqrt(Real a) { return std::sqrt(a.value); }
  /// The larger one; NaN if either is.
  friend Real max(Real a, Real b) { return a.value > b.value || std::isnan(a.value) ? a : b; }
  /// 0 for what is smaller than T's smallest normal number. For values ≥ 0.
  friend Real normal_or_zero(Real a) { return a.value < double{std::numeric_limits<T>::min()} ? Real(0.0) : a; }
};

}  // namespace thalweg::reference
