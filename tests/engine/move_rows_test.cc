// Rows moved by several threads: as one by one.
#include "move_rows.h"
#include "engine/rows.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

constexpr std::size_t kCount = 12'000, kWidest = 75;

/// Rows of arrays of these widths, and the same moved one by one.
void move_rows(const Indices& rows, const std::vector<std::size_t>& widths, int threads) {
  static const std::vector<std::uint32_t> numbers = [] {
    std::vector<std::uint32_t> all(kCount * kWidest);
    std::iota(all.begin(), all.end(), 0);
    return all;
  }();
  std::vector<std::vector<std::uint32_t>> arrays, expected;
  std::vector<RowArray> moved;
  for (const std::size_t width : widths) {
    const auto end = numbers.begin() + static_cast<std::ptrdiff_t>(kCount * width);
    std::vector<std::uint32_t>& array = arrays.emplace_back(numbers.begin(), end);
    expected.push_back(keep(array, rows, width));
    moved.push_back({reinterpret_cast<std::byte*>(array.data()), width * sizeof(array[0])});
  }
  if (are_ascending(rows)) {
    compact_rows(moved, rows, threads);
  } else {
    std::vector<std::uint32_t> scratch(kWidest * rows.size());
    reorder_rows(moved, rows, reinterpret_cast<std::byte*>(scratch.data()), threads);
  }
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    arrays[k].resize(expected[k].size());
    EXPECT_TRUE(expected[k].empty() ||
                std::memcmp(arrays[k].data(), expected[k].data(), rows.size() * moved[k].row_bytes) == 0)
        << "array " << k;
  }
}

TEST(MoveRows, ByThreadsAsOneByOne) {
  const auto kept_if = [](const auto& stays) {
    Indices rows;
    for (std::size_t row = 0; row < kCount; ++row) {
      if (stays(row)) rows.push_back(static_cast<std::int64_t>(row));
    }
    return rows;
  };
  Chance chance("rows");
  const Indices lists[] = {kept_if([](std::size_t) { return true; }),
                           kept_if([](std::size_t row) { return row != 0; }),
                           kept_if([](std::size_t row) { return row != 5000; }),
                           kept_if([](std::size_t row) { return row % 2 == 1; }),
                           kept_if([](std::size_t row) { return row > 9000; }),
                           kept_if([](std::size_t row) { return row < 3000 || row > 11'000; }),
                           kept_if([&](std::size_t) { return chance.below(10) != 0; }),
                           chance.any(kCount, kCount),
                           {},
                           {kCount - 1}};
  for (const Indices& rows : lists) {
    for (const int threads : {1, 2, 5}) {
      SCOPED_TRACE(std::to_string(rows.size()) + " rows, " + std::to_string(threads) + " threads");
      move_rows(rows, {kWidest}, threads);
      move_rows(rows, {2, kWidest, 32}, threads);
    }
  }
}

}  // namespace
}  // namespace thalweg::tests
