// Powers and logarithms against exact numbers, and against long double where that is wider.
#include "engine/numbers.h"

#include <thalweg/error.h>
#include <thalweg/power.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>

namespace thalweg::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Computed with 400 bits and rounded once. glibc's pow gives another last bit for the first without fused
/// multiply-add.
TEST(Power, OfIntegersIsTheNearestDouble) {
  EXPECT_EQ(power(0.96, 246), 0x1.6d19e675ba858p-15);
  EXPECT_EQ(power(0.9, 1), 0.9);
  EXPECT_EQ(power(0.9, 2), 0x1.9eb851eb851ecp-1);
  EXPECT_EQ(power(0.9, 10), 0x1.650bf60432fd9p-2);
  EXPECT_EQ(power(0.001, 7), 0x1.2e3b40a0e9b50p-70);
  EXPECT_EQ(power(0.95, 4000), 0x1.ff2cde5442176p-297);
  EXPECT_EQ(power(0.999, 1000), 0x1.788526411ed72p-2);
  EXPECT_EQ(power(0.999, 123457), 0x1.bdbf68d13d1a6p-179);
  EXPECT_EQ(power(1 - 0x1p-30, (std::int64_t{1} << 33) - 1), 0x1.5fc2103085621p-12);
  // The largest step number there is. Of its bits the last five may be wrong.
  EXPECT_NEAR(power(1 - 0x1p-53, kMostSteps), 0x1.78b56362cef37p-2, 32 * 0x1p-54);
}

TEST(Power, OfIntegersAtTheEnds) {
  EXPECT_EQ(power(0, 0), 1);
  EXPECT_EQ(power(0, 1), 0);
  EXPECT_EQ(power(0, kMostSteps), 0);
  EXPECT_EQ(power(1, kMostSteps), 1);
  EXPECT_EQ(power(0.3, 0), 1);
  EXPECT_EQ(power(0.5, 900), 0x1p-900);
  EXPECT_EQ(power(0.5, 901), 0);
  EXPECT_EQ(power(1e-300, 1), 0);
  EXPECT_EQ(power(5e-324, 1), 0);
  EXPECT_EQ(power(0.5, kMostSteps), 0);
  EXPECT_EQ(power(0.999, std::numeric_limits<std::int64_t>::max()), 0);
}

TEST(Power, OfRealNumbersIsTheNearestDouble) {
  EXPECT_EQ(power(logarithm(0.96), 0.004), 0x1.ffea9969757dbp-1);
  EXPECT_EQ(power(logarithm(0.96), 0.4), 0x1.f7b52184bd65ap-1);
  EXPECT_EQ(power(logarithm(0.96), 12.3), 0x1.35e393f3cd852p-1);
  EXPECT_EQ(power(logarithm(0.96), 1000.5), 0x1.0e0252ec9a496p-59);
  EXPECT_EQ(power(logarithm(0.96), 12345.678), 0x1.e389261f825c7p-728);
  EXPECT_EQ(power(logarithm(1e-300), 0.25), 0x1.cf2b1970e7258p-250);
  EXPECT_EQ(power(logarithm(0.9999999), 10000000.5), 0x1.78b560ee1f7a8p-2);
  EXPECT_EQ(power(logarithm(3), 0.5), 0x1.bb67ae8584caap+0);
  EXPECT_EQ(power(logarithm(7), -0.8), 0x1.afc4e1418ecfap-3);
  EXPECT_EQ(power(logarithm(1e6), -0.8), 0x1.09e6a4f05e626p-16);
  EXPECT_EQ(power(logarithm(0x1p53), -0.8), 0x1.8406003b2ae51p-43);
  EXPECT_EQ(power(logarithm(2), 1023.5), 0x1.6a09e667f3bcdp+1023);
}

TEST(Power, OfRealNumbersAtTheEnds) {
  EXPECT_EQ(power(logarithm(0.96), 0), 1);
  EXPECT_EQ(power(logarithm(1), 1e308), 1);
  EXPECT_EQ(power(logarithm(0.96), 5e-324), 1);
  EXPECT_EQ(power(logarithm(0.96), 1e300), 0);
  EXPECT_EQ(power(logarithm(0.96), kInfinity), 0);
  EXPECT_EQ(power(logarithm(2), 1e300), kInfinity);
  EXPECT_EQ(power(logarithm(2), 1024), kInfinity);
  EXPECT_EQ(power(logarithm(0.5), 900), 0x1p-900);
  EXPECT_EQ(power(logarithm(0.5), 901), 0);
  EXPECT_TRUE(std::isnan(power(logarithm(0.5), std::numeric_limits<double>::quiet_NaN())));
}

TEST(Power, RefusesWhatItIsNotFor) {
  EXPECT_THAT([] { power(1.5, 2); }, ThrowsMessage<Error>(HasSubstr("power: base = 1.5 is outside [0, 1]")));
  EXPECT_THAT([] { power(-0.5, 2); }, ThrowsMessage<Error>(HasSubstr("power: base = -0.5 is outside [0, 1]")));
  EXPECT_THROW(power(std::numeric_limits<double>::quiet_NaN(), 2), Error);
  EXPECT_THAT([] { power(0.5, -1); }, ThrowsMessage<Error>(HasSubstr("power: n = -1 is outside [0, ∞)")));
  for (const double x : {0.0, -1.0, 5e-324, kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(logarithm(x), Error) << x;
  }
}

#if LDBL_MANT_DIG >= 64

/// The error in units of the result's last place; `expected` has errors of its own.
double error_of(double ours, long double expected) {
  int exponent = 0;
  std::frexp(expected, &exponent);
  return static_cast<double>(std::abs(ours - expected) / std::ldexp(1.0L, exponent - DBL_MANT_DIG));
}

/// A number in (0, 1] out of two random ones: of any size, or close to 1, or of few digits.
double some_base(std::uint32_t a, std::uint32_t b) {
  switch (a % 3) {
    case 0:
      return std::ldexp(b + 1.0, -32 - static_cast<int>(a / 3 % 20));
    case 1:
      return 1 - std::ldexp(b + 1.0, -32 - static_cast<int>(a / 3 % 20));
    default:
      return (b % 1000 + 1) / 1000.0;
  }
}

// glibc's powl is good to about a thousandth of a double's last place.
constexpr double kMostError = 0.502;

TEST(Power, AgreesWithLongDouble) {
  const Random random(3, RandomPurpose::test, "power");
  int compared = 0;
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    const double base = some_base(random.bits(4 * i), random.bits(4 * i + 1));
    if (!(base > 0)) continue;
    const std::int64_t n = random.bits(4 * i + 2) >> (random.bits(4 * i + 3) % 32);
    const double real = std::ldexp(random.bits(4 * i + 2) + 0.5, -static_cast<int>(random.bits(4 * i + 3) % 40));
    const long double integer_power = std::pow(static_cast<long double>(base), static_cast<long double>(n));
    const long double real_power = std::pow(static_cast<long double>(base), static_cast<long double>(real));
    if (integer_power >= 0x1p-900L) {
      ++compared;
      ASSERT_LE(error_of(power(base, n), integer_power), kMostError) << std::hexfloat << base << "^" << n;
    }
    if (real_power >= 0x1p-900L) {
      ++compared;
      ASSERT_LE(error_of(power(logarithm(base), real), real_power), kMostError) << std::hexfloat << base << "^" << real;
    }
  }
  EXPECT_GT(compared, 20'000);
}

#endif

}  // namespace
}  // namespace thalweg::tests
