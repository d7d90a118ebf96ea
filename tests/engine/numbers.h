// What the engine's tests share: random numbers, comparison, bits, and buffers with sentinels around them.
#pragma once

#include <thalweg/optimizer.h>
#include <thalweg/random.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace thalweg::tests {

/// Allowed relative error in a few steps, see `first_difference`.
template <class T>
constexpr double tolerance = std::is_same_v<T, double> ? 1e-12 : 1e-5;

template <class T>
constexpr const char* type_name = std::is_same_v<T, double> ? "f64" : "f32";

/// Normal numbers of three sizes, one in 16 an exact zero. `what` and `step` choose the stream.
template <class T>
std::vector<T> random_numbers(std::size_t count, std::uint64_t seed, std::string_view what, std::uint32_t step = 0) {
  const Random random(seed, RandomPurpose::test, what, step);
  std::vector<T> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    constexpr double kSizes[] = {1, 0.1, 4};
    const std::uint32_t bits = random.bits(3 * i + 2);
    numbers[i] = bits % 16 == 0 ? T{0} : static_cast<T>(random.normal(i) * kSizes[bits / 16 % 3]);
  }
  return numbers;
}

template <class T>
std::vector<double> to_double(std::span<const T> numbers) {
  return {numbers.begin(), numbers.end()};
}

inline double largest(std::span<const double> numbers) {
  double result = 0;
  for (const double x : numbers) result = std::max(result, std::abs(x));
  return result;
}

/// How large each element has been at any time. Where a mean passes through 0 its rounding errors are those of the
/// larger numbers it came from.
class Magnitudes {
 public:
  void see(std::span<const double> numbers) {
    elements_.resize(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) elements_[i] = std::max(elements_[i], std::abs(numbers[i]));
    all_ = std::max(all_, largest(numbers));
  }
  void at_least(double magnitude) { all_ = std::max(all_, magnitude); }
  double of(std::size_t i) const { return elements_[i]; }
  double of_all() const { return all_; }

 private:
  std::vector<double> elements_;
  double all_ = 0;
};

/// The first element that is not as expected, in words; empty if all are. The error is relative to what the element has
/// been at most, or to 10⁻³ (f32: 0.1) of what any has been. NaN equals NaN, whatever its payload. `ours` is the part
/// of `expected` that begins at `begin`.
template <class T>
std::string first_difference(std::span<const T> ours, std::span<const double> expected, double allowed,
                             const Magnitudes& magnitudes, std::size_t begin = 0) {
  std::ostringstream text;
  text.precision(17);
  constexpr double kFloor = std::is_same_v<T, double> ? 1e-3 : 0.1;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double a = static_cast<double>(ours[i]), b = expected[begin + i];
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    const double error = std::abs(a - b) / std::max(magnitudes.of(begin + i), kFloor * magnitudes.of_all());
    if (error <= allowed) continue;
    text << "index " << i << " of " << ours.size() << ": " << a << ", expected " << b << ", relative error " << error;
    break;
  }
  return text.str();
}

/// The same without a history, of the whole.
template <class T>
std::string first_difference(std::span<const T> ours, std::span<const double> expected, double allowed) {
  if (ours.size() != expected.size()) {
    return std::to_string(ours.size()) + " elements, expected " + std::to_string(expected.size());
  }
  Magnitudes magnitudes;
  magnitudes.see(expected);
  return first_difference(ours, expected, allowed, magnitudes);
}

/// The first element whose bits differ, in words; empty if all are equal.
template <class T>
std::string first_bit_difference(std::span<const T> a, std::span<const T> b) {
  if (a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0)) return {};
  std::ostringstream text;
  text << std::hexfloat;
  if (a.size() != b.size()) {
    text << a.size() << " elements against " << b.size();
    return text.str();
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::memcmp(&a[i], &b[i], sizeof(T)) == 0) continue;
    text << "index " << i << " of " << a.size() << ": " << a[i] << " against " << b[i];
    break;
  }
  return text.str();
}

/// Every back-end of this machine: its instruction sets, and `reference`.
inline std::vector<std::string> every_backend() {
  std::vector<std::string> names = cpu_targets();
  names.emplace_back("reference");
  return names;
}

/// Names of the rule's state columns that these options use.
inline std::vector<std::string> column_names(const Optimizer& optimizer) {
  std::vector<std::string> names;
  for (const ColumnInfo& column : optimizer.rule().columns) names.emplace_back(column.name);
  return names;
}

/// All of a parameter: its elements, then those of its columns that are in use, one after another.
template <class T>
std::vector<T> everything(Optimizer& optimizer, Handle handle, std::span<const T> parameter) {
  std::vector<T> all(parameter.begin(), parameter.end());
  for (const std::string& name : column_names(optimizer)) {
    const std::span<T> column = optimizer.column<T>(handle, name);
    all.insert(all.end(), column.begin(), column.end());
  }
  return all;
}

/// 64-bit FNV-1a.
inline std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t hash = 0xcbf29ce484222325u) {
  for (const std::byte byte : bytes) hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3u;
  return hash;
}

/// Buffers at chosen distances from 64-byte boundaries, each with at least 64 bytes of sentinels before and behind it.
template <class T>
class Arena {
 public:
  /// Lays out one buffer for each (length, offset in elements).
  struct Slot {
    std::size_t length, offset;
  };

  explicit Arena(const std::vector<Slot>& slots) {
    std::size_t end = 0;
    for (const Slot& slot : slots) {
      const std::size_t begin = end + kLine + slot.offset * sizeof(T);
      begins_.push_back(begin);
      lengths_.push_back(slot.length);
      end = (begin + slot.length * sizeof(T) + kLine + kLine - 1) / kLine * kLine;
    }
    memory_.assign(end + 2 * kLine, kSentinel);
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    start_ = (kLine - address % kLine) % kLine;
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::size_t size() const { return begins_.size(); }
  std::span<T> operator[](std::size_t index) {
    return {reinterpret_cast<T*>(memory_.data() + start_ + begins_[index]), lengths_[index]};
  }

  /// Copies the numbers into the buffers, one after another.
  void fill(std::span<const T> numbers) {
    for (std::size_t i = 0, next = 0; i < size(); next += lengths_[i], ++i) {
      std::copy_n(numbers.begin() + static_cast<std::ptrdiff_t>(next), lengths_[i], (*this)[i].begin());
    }
  }

  /// Are all bytes outside the buffers as they were?
  bool sentinels_are_whole() const {
    std::size_t next = 0;
    const auto whole = [&](std::size_t end) {
      return std::all_of(memory_.begin() + static_cast<std::ptrdiff_t>(next),
                         memory_.begin() + static_cast<std::ptrdiff_t>(end),
                         [](std::byte b) { return b == kSentinel; });
    };
    for (std::size_t i = 0; i < size(); ++i) {
      if (!whole(start_ + begins_[i])) return false;
      next = start_ + begins_[i] + lengths_[i] * sizeof(T);
    }
    return whole(memory_.size());
  }

 private:
  static constexpr std::size_t kLine = 64;
  static constexpr std::byte kSentinel{0xA5};

  std::vector<std::byte> memory_;
  std::size_t start_ = 0;
  std::vector<std::size_t> begins_, lengths_;
};

}  // namespace thalweg::tests
