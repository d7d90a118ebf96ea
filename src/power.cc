// Powers by sums of two doubles, whose bits are the same on every machine.
//
// Only +, −, ×, ÷ and what is exact (frexp, ldexp, floor), without contraction: the file is compiled with the engine's
// own flags, wherever the rule stands that calls it. A number is high + low, where low is at most half a unit in the
// last place of high: some 106 bits. Dekker (1971), doi 10.1007/BF01397083.
#include "thalweg/power.h"

#include "text.h"
#include "thalweg/error.h"

#include <cmath>
#include <limits>
#include <string>

namespace thalweg::inline v0_1 {
namespace {

struct Twofold {
  double high, low;
};

/// a + b without error.
Twofold sum(double a, double b) {
  const double high = a + b, from_b = high - a;
  return {high, (a - (high - from_b)) + (b - from_b)};
}

/// The same where |a| ≥ |b| or a = 0.
Twofold ordered_sum(double a, double b) {
  const double high = a + b;
  return {high, b - (high - a)};
}

/// The upper 26 bits of x, and the rest (Veltkamp).
Twofold split(double x) {
  const double large = 0x1.0000002p27 * x, high = large - (large - x);
  return {high, x - high};
}

/// a · b without error, where nothing underflows.
Twofold product(double a, double b) {
  const double high = a * b;
  const Twofold x = split(a), y = split(b);
  return {high, ((x.high * y.high - high) + x.high * y.low + x.low * y.high) + x.low * y.low};
}

Twofold operator*(const Twofold& a, const Twofold& b) {
  const Twofold main = product(a.high, b.high);
  return ordered_sum(main.high, main.low + (a.high * b.low + a.low * b.high));
}

Twofold operator+(const Twofold& a, const Twofold& b) {
  const Twofold main = sum(a.high, b.high);
  return ordered_sum(main.high, main.low + (a.low + b.low));
}

/// Below it a value becomes 0. So far above the subnormals that the low parts are none.
constexpr double kSmallest = 0x1p-900;

// ln 2 = kLn2 + kLn2Rest, to 2⁻⁸⁶. kLn2 has 32 bits, so that its products with exponents are exact.
constexpr double kLn2 = 0x1.62e42fee00000p-1, kLn2Rest = 0x1.a39ef35793c76p-33;

/// eˣ − 1 for |x| ≤ 0.35: Taylor's series at x / 2ᵏ, then k doublings e²ˣ − 1 = 2 (eˣ − 1) + (eˣ − 1)². Terms from the
/// third on are in one double, which leaves an error of |x|³ · 2^(−54 − 2k).
Twofold exponential_minus_1(const Twofold& x, int k) {
  const double scale = 1.0 / (1 << k);
  const Twofold s = {x.high * scale, x.low * scale};
  constexpr double kFactorials[] = {6, 24, 120, 720, 5040, 40320, 362880, 3628800, 39916800, 479001600};
  double series = 0;
  for (int i = 9; i >= 0; --i) series = series * s.high + 1 / kFactorials[i];
  const Twofold square = s * s;
  Twofold result = s + Twofold{square.high / 2, square.low / 2} + Twofold{square.high * s.high * series, 0};
  for (int i = 0; i < k; ++i) result = Twofold{2 * result.high, 2 * result.low} + result * result;
  return result;
}

[[noreturn]] void refuse(const char* what, double value, const char* allowed) {
  throw Error(std::string(what) + " = " + to_text(value) + " is outside " + allowed);
}

}  // namespace

double power(double base, std::int64_t n) {
  if (!(base >= 0 && base <= 1)) refuse("power: base", base, "[0, 1]");
  if (n < 0) throw Error("power: n = " + std::to_string(n) + " is outside [0, ∞)");
  Twofold result = {1, 0}, square = {base, 0};
  while (n != 0) {
    // The largest of these squares is a factor of the result.
    if (square.high < kSmallest) return 0;
    if (n % 2 != 0) result = result * square;
    n /= 2;
    if (n != 0) square = square * square;
  }
  return result.high < kSmallest ? 0 : result.high;
}

Logarithm logarithm(double x) {
  if (!(x >= std::numeric_limits<double>::min() && x <= std::numeric_limits<double>::max())) {
    refuse("logarithm: x", x, "[2⁻¹⁰²², ∞)");
  }
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0x1.6a09e667f3bcdp-1) {  // √½
    m *= 2;
    --exponent;
  }
  // ln m to the precision of a double: 2 (s + s³/3 + s⁵/5 + …).
  const double s = (m - 1) / (m + 1), square = s * s;
  double series = 0;
  for (int i = 25; i >= 1; i -= 2) series = series * square + 1.0 / i;
  const double rough = 2 * s * series;
  // And what is missing, the logarithm of m e^(−rough), which is 1 + rest: rest is so small that two terms will do.
  const Twofold inverse = exponential_minus_1({-rough, 0}, 8);
  const Twofold rest = Twofold{m - 1, 0} + product(m, inverse.high) + Twofold{m * inverse.low, 0};
  const Twofold ln_m = sum(rough, rest.high - rest.high * rest.high / 2 + rest.low);
  const double k = exponent;
  const Twofold all = Twofold{k * kLn2, 0} + product(k, kLn2Rest) + ln_m;
  return {all.high, all.low};
}

double power(const Logarithm& logarithm, double exponent) {
  const double about = exponent * logarithm.high;
  if (std::isnan(about)) return about;
  if (about == 0) return 1;
  if (about > 710) return std::numeric_limits<double>::infinity();
  if (about < -625) return 0;
  const Twofold main = product(exponent, logarithm.high);
  const Twofold x = ordered_sum(main.high, main.low + exponent * logarithm.low);
  const double k = std::floor(x.high * 0x1.71547652b82fep0 + 0.5);  // 1 / ln 2
  const Twofold rest = Twofold{x.high - k * kLn2, x.low} + product(-k, kLn2Rest);
  const Twofold value = Twofold{1, 0} + exponential_minus_1(rest, 3);
  const double result = std::ldexp(value.high, static_cast<int>(k));
  return result < kSmallest ? 0 : result;
}

}  // namespace thalweg::inline v0_1
