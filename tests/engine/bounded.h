// Bounded: a lane that carries a bound of the rounding errors in it, on which rules run as on the engine's own.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg::tests {

/// A number computed in double, and how far it may be from the same formula's in element type T: Wilkinson's running
/// error analysis. Each operation hands on its operands' errors and adds one rounding in T of its result. Where a
/// comparison may go either way in T, the distance between both outcomes counts as an error.
template <class T>
struct Bounded {
  /// A little above the greatest relative error of a rounding: double's own roundings, and products of errors.
  static constexpr double kRounding = 0.501 * std::numeric_limits<T>::epsilon();
  static constexpr double kSmallest = std::numeric_limits<T>::min();
  static constexpr double kUnderflow = std::numeric_limits<T>::denorm_min();

  double value = 0, error = 0;

  Bounded() = default;
  Bounded(double coefficient) : value(coefficient), error(kRounding * std::abs(coefficient)) {}  // NOLINT
  /// What is in memory.
  Bounded(double number, double bound) : value(number), error(bound) {}

  friend Bounded operator+(Bounded a, Bounded b) { return rounded(a.value + b.value, a.error + b.error); }
  friend Bounded operator-(Bounded a, Bounded b) { return rounded(a.value - b.value, a.error + b.error); }
  friend Bounded operator-(Bounded a) { return {-a.value, a.error}; }
  friend Bounded operator*(Bounded a, Bounded b) {
    return rounded(a.value * b.value, std::abs(a.value) * b.error + std::abs(b.value) * a.error + a.error * b.error);
  }
  friend Bounded operator/(Bounded a, Bounded b) {
    const double quotient = a.value / b.value, least = std::abs(b.value) - b.error;
    if (a.value == 0 && a.error == 0 && least > 0) return {quotient, 0};
    return rounded(quotient, least > 0 ? (a.error + std::abs(quotient) * b.error) / least : kUnbounded);
  }
  friend Bounded sqrt(Bounded a) {
    const double root = std::sqrt(a.value), least = std::sqrt(std::max(0.0, a.value - a.error));
    return rounded(root, a.error > 0 ? a.error / (root + least) : 0);
  }
  friend Bounded abs(Bounded a) { return {std::abs(a.value), a.error}; }
  friend Bounded max(Bounded a, Bounded b) {
    if (a.value - b.value > a.error + b.error) return a;
    if (b.value - a.value > a.error + b.error) return b;
    return {std::max(a.value, b.value), std::max(a.error, b.error)};
  }
  friend Bounded min(Bounded a, Bounded b) { return -max(-a, -b); }

  friend Bounded sign(Bounded a) {
    const double result = a.value > 0 ? 1 : a.value < 0 ? -1 : 0;
    return {result, a.sign_is_certain() ? 0 : 1 + std::abs(result)};
  }
  friend Bounded if_positive(Bounded x, Bounded yes, Bounded no) { return either(x, x.value > 0, yes, no); }
  friend Bounded if_negative(Bounded x, Bounded yes, Bounded no) { return either(x, x.value < 0, yes, no); }

  friend Bounded normal_or_zero(Bounded a) {
    const double size = std::abs(a.value);
    if (size < kSmallest) return {0, size + a.error < kSmallest ? 0 : size + a.error};
    return {a.value, size - a.error < kSmallest ? std::max(size, a.error) : a.error};
  }
  friend Bounded normal_square(Bounded a) { return normal_or_zero(a * a); }

 private:
  static constexpr double kUnbounded = std::numeric_limits<double>::infinity();

  bool sign_is_certain() const { return error == 0 || std::abs(value) > error; }

  static Bounded rounded(double value, double error) {
    const double largest = std::abs(value) + error;
    if (largest == 0) return {value, 0};
    if (!(largest <= static_cast<double>(std::numeric_limits<T>::max()))) return {value, kUnbounded};
    return {value, error + kRounding * largest + kUnderflow};
  }
  static Bounded either(Bounded x, bool condition, Bounded yes, Bounded no) {
    const Bounded taken = condition ? yes : no, other = condition ? no : yes;
    if (x.sign_is_certain()) return taken;
    return {taken.value, std::max(taken.error, std::abs(taken.value - other.value) + other.error)};
  }
};

}  // namespace thalweg::tests
