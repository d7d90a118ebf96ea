// Real: the plain-double lane on which rules run in the reference back-end.
#pragma once

#include <cmath>
#include <limits>

namespace thalweg::inline v0_1::reference {

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
  /// The smaller one; NaN if either is.
  friend Real min(Real a, Real b) { return a.value < b.value || std::isnan(a.value) ? a : b; }
  friend Real abs(Real a) { return std::abs(a.value); }
  /// −1, 0 or 1; NaN for NaN.
  friend Real sign(Real a) { return a.value > 0 ? Real(1.0) : a.value < 0 ? Real(-1.0) : a; }
  /// `yes` where x > 0, else, and where x is NaN, `no`.
  friend Real if_positive(Real x, Real yes, Real no) { return x.value > 0 ? yes : no; }
  /// `yes` where x < 0, else, and where x is NaN, `no`.
  friend Real if_negative(Real x, Real yes, Real no) { return x.value < 0 ? yes : no; }
  /// +0 where |a| is below T's smallest normal number; NaN stays.
  friend Real normal_or_zero(Real a) { return std::abs(a.value) < kSmallest ? Real(0.0) : a; }
  /// a², but 0 below T's smallest normal number and the largest number above it; NaN stays.
  friend Real normal_square(Real a) { return min(normal_or_zero(a * a), Real(std::numeric_limits<double>::max())); }

 private:
  static constexpr double kSmallest = std::numeric_limits<T>::min();
};

}  // namespace thalweg::inline v0_1::reference
