// What the tests of rows share: which rows to keep, and rows kept one by one.
#pragma once

#include <thalweg/random.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace thalweg::tests {

using Indices = std::vector<std::int64_t>;

/// Numbers that decide what happens next.
class Chance {
 public:
  explicit Chance(std::string_view what) : random_(11, RandomPurpose::test, what, 0) {}
  /// Below `end`.
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_.bits(next_++) % end; }
  /// Some of `count` rows, in their order.
  Indices ascending(std::size_t count) {
    Indices rows;
    for (std::size_t row = 0; row < count; ++row) {
      if (below(4) != 0) rows.push_back(static_cast<std::int64_t>(row));
    }
    return rows;
  }
  /// Any `wanted` of them, some perhaps twice.
  Indices any(std::size_t count, std::size_t wanted) {
    Indices rows;
    for (std::size_t i = 0; i < wanted && count > 0; ++i) rows.push_back(static_cast<std::int64_t>(below(count)));
    return rows;
  }

 private:
  Random random_;
  std::uint64_t next_ = 0;
};

template <class T>
std::vector<T> keep(const std::vector<T>& numbers, const Indices& rows, std::size_t width) {
  std::vector<T> kept;
  for (const std::int64_t row : rows) {
    const auto begin = numbers.begin() + row * static_cast<std::ptrdiff_t>(width);
    kept.insert(kept.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
  }
  return kept;
}

}  // namespace thalweg::tests
