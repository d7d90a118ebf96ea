// Powers whose bits are the same on every machine: coefficients of a step are made of them.
#pragma once

#include <thalweg/api.h>

#include <cstdint>

namespace thalweg::inline v0_1 {

/// baseⁿ for a base in [0, 1] and n ≥ 0; 0⁰ is 1. Throws Error outside. For rules' βᵗ, where `std::pow` would not do:
/// its last bit depends on the C library, and on whether the processor has fused multiply-add.
///
/// Correctly rounded but where the exact value lies closer than n · 2⁻⁴⁸ of a unit in the last place to the middle
/// between two doubles, so that nobody will see it below n = 2³⁰; at the largest n, 2⁵³, the error is up to 32 units.
/// 0 where the value is below 2⁻⁹⁰⁰.
THALWEG_API double power(double base, std::int64_t n);

/// A natural logarithm as the sum of two doubles, the second at most half a unit in the last place of the first.
struct Logarithm {
  double high, low;
};

/// ln x, to 2⁻⁷⁰ of it or better, for a normal x > 0. Throws Error for other numbers.
THALWEG_API Logarithm logarithm(double x);

/// e^(exponent · logarithm), a power with a real exponent: 0.96^x is `power(logarithm(0.96), x)`. Half a unit in the
/// last place off, and a thousandth more at most. 0 where the value is below 2⁻⁹⁰⁰, ∞ where it is above what a double
/// holds.
THALWEG_API double power(const Logarithm& logarithm, double exponent);

}  // namespace thalweg::inline v0_1
