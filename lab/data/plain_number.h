// read_plain_number: the fast way to read most numbers, in a header for the loop over all fields.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace thalweg::lab {

namespace plain_number {

/// The powers of ten that are doubles without rounding.
inline constexpr std::array<double, 23> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
inline constexpr std::array<std::uint64_t, 9> kWholePowers = {1,      10,      100,      1000,     10000,
                                                              100000, 1000000, 10000000, 100000000};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Appends the digits at `at` to `value` in decimal, and moves on to what is no digit. Eight bytes at once, because the
/// branches of a loop over digits, whose number varies, are what takes the time.
inline void read_digits(const char*& at, std::uint64_t& value) {
  if constexpr (std::endian::native == std::endian::little) {
    for (;;) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, sizeof word);
      // The top bit of each byte that is below '0' or above '9'; carries reach only bytes behind such a one.
      const std::uint64_t other =
          (((word + 0x4646464646464646) | (word - 0x3030303030303030)) | word) & 0x8080808080808080;
      const auto count = static_cast<std::size_t>(std::countr_zero(other)) / 8;
      if (count == 0) return;
      // The digits as the last of eight, zeros before them; then pairs, fours and eights of them in one multiplication.
      std::uint64_t digits = (word & 0x0f0f0f0f0f0f0f0f) << (64 - 8 * count);
      digits = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ff;
      digits = (digits * 100 + (digits >> 16)) & 0x0000ffff0000ffff;
      digits = (digits * 10000 + (digits >> 32)) & 0x00000000ffffffff;
      value = value * kWholePowers[count] + digits;
      at += count;
      if (count < 8) return;
    }
  } else {
    for (; is_digit(*at); ++at) value = 10 * value + static_cast<std::uint64_t>(*at - '0');
  }
}

}  // namespace plain_number

/// The number at the beginning of a text behind whose end some other byte stands, and from each of whose bytes on 8 can
/// be read: sets `value` to what `read_number` reads, and returns where the number ends. nullptr where it takes more
/// to tell what stands there.
///
/// Clinger's fast path: the digits as one integer up to 2^53 and a power of ten up to 22 are both exact, so that their
/// quotient or product is rounded once, as the nearest double is.
inline const char* read_plain_number(const char* text, double& value) {
  using namespace plain_number;
  constexpr std::ptrdiff_t kMostDigits = 18;  // which fit 64 bits
  constexpr std::ptrdiff_t kMostPower = kPowers.size() - 1;
  const bool negative = *text == '-';
  text += static_cast<int>(negative) | static_cast<int>(*text == '+');  // signs come at random: no branch
  std::uint64_t digits = 0;
  const char* at = text;
  read_digits(at, digits);
  std::ptrdiff_t count = at - text;
  std::ptrdiff_t exponent = 0;
  if (*at == '.') {
    const char* const point = ++at;
    read_digits(at, digits);
    exponent = point - at;
    count -= exponent;
  }
  if (count == 0 || count > kMostDigits) return nullptr;
  if ((*at | 0x20) == 'e') {
    ++at;
    const bool below = *at == '-';
    if (below || *at == '+') ++at;
    const char* const first = at;
    std::ptrdiff_t power = 0;
    for (; is_digit(*at) && at - first < 4; ++at) power = 10 * power + (*at - '0');
    if (at == first || is_digit(*at)) return nullptr;
    exponent += below ? -power : power;
  }
  if (digits > std::uint64_t{1} << 53 || exponent < -kMostPower || exponent > kMostPower) return nullptr;
  const auto whole = static_cast<double>(digits);
  const double size = exponent < 0 ? whole / kPowers[static_cast<std::size_t>(-exponent)]
                                   : whole * kPowers[static_cast<std::size_t>(exponent)];
  value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(size) | std::uint64_t{negative} << 63);
  return at;
}

}  // namespace thalweg::lab
