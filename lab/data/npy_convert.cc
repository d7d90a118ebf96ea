// The elements of NumPy's arrays as floats, doubles or integers.
#include "data/content_reader.h"
#include "data/npy.h"
#include "data/npy_elements.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <concepts>
#include <limits>
#include <new>
#include <string>

namespace thalweg::lab {

namespace {

// `[2, 0]`: where the element of this row-major number stands.
std::string index_of(const NpyArray& array, std::size_t number) {
  std::vector<std::int64_t> index(array.shape.size());
  for (std::size_t i = index.size(); i-- > 0;) {
    const auto size = static_cast<std::size_t>(array.shape[i]);
    index[i] = static_cast<std::int64_t>(number % size);
    number /= size;
  }
  return fmt::format("[{}]", fmt::join(index, ", "));
}

[[noreturn]] void fail(const NpyArray& array, std::size_t number, const std::string& value,
                       const std::string& allowed) {
  throw Error(fmt::format("{}: element {} ({}) is {}; expected {}", array.file.string(), index_of(array, number),
                          npy_type_name(array.type), value, allowed));
}

// What `convert` makes of each element and its number.
template <class Result, class Convert>
std::vector<Result> convert_array(const NpyArray& array, const Convert& convert) {
  try {
    std::vector<Result> results(static_cast<std::size_t>(array.count()));
    each_element(array, 0, results.size(),
                 [&](auto element, std::size_t number) { results[number] = convert(element, number); });
    return results;
  } catch (const std::bad_alloc&) {
    fail_of_memory(array.file, fmt::format("{} numbers", array.count()));
  }
}

template <class Real>
std::vector<Real> to_reals(const NpyArray& array, const char* name) {
  return convert_array<Real>(array, [&](auto value, std::size_t number) {
    if constexpr (std::floating_point<decltype(value)>) {
      if (!std::isfinite(value)) fail(array, number, fmt::format("{}", value), "finite numbers");
    }
    // By rounding first, the largest doubles that still round to a float are taken.
    const Real real = static_cast<Real>(value);
    if (!std::isfinite(real)) fail(array, number, fmt::format("{}", value), fmt::format("numbers that fit a {}", name));
    return real;
  });
}

}  // namespace

const char* npy_type_name(NpyType type) {
  constexpr const char* kNames[] = {"bool",   "int8",  "uint8",  "int16",   "uint16",  "int32",
                                    "uint32", "int64", "uint64", "float16", "float32", "float64"};
  return kNames[static_cast<std::size_t>(type)];
}

std::size_t npy_type_bytes(NpyType type) {
  constexpr std::size_t kBytes[] = {1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8};
  return kBytes[static_cast<std::size_t>(type)];
}

std::vector<float> to_floats(const NpyArray& array) { return to_reals<float>(array, "float"); }

std::vector<double> to_doubles(const NpyArray& array) { return to_reals<double>(array, "double"); }

void check_numbers(const NpyArray& array, double most) {
  each_element(array, 0, static_cast<std::size_t>(array.count()), [&](auto element, std::size_t number) {
    // Of NaN it is not true either.
    if (std::abs(static_cast<double>(element)) <= most) return;
    fail(array, number, fmt::format("{}", element), fmt::format("finite numbers within ±{}", most));
  });
}

std::vector<std::int64_t> to_integers(const NpyArray& array, std::int64_t lowest, std::int64_t highest) {
  const auto expect = [&] { return fmt::format("whole numbers in [{}, {}]", lowest, highest); };
  return convert_array<std::int64_t>(array, [&](auto value, std::size_t number) {
    bool fits = true;
    if constexpr (std::floating_point<decltype(value)>) {
      // 2^63 is a double, 2^63 - 1 is not. NaN is less than nothing.
      fits = value >= -0x1p63 && static_cast<double>(value) < 0x1p63 && std::trunc(value) == value;
    } else if constexpr (std::same_as<decltype(value), std::uint64_t>) {
      fits = value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    }
    const std::int64_t whole = fits ? static_cast<std::int64_t>(value) : 0;
    if (!fits || whole < lowest || whole > highest) fail(array, number, fmt::format("{}", value), expect());
    return whole;
  });
}

}  // namespace thalweg::lab
