// Rows moved by several threads: as one by one.
#include "move_rows.h"
#include "engine/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

constexpr std::size_t kWidths[] = {8, 300, 128}, kCount = 6000;

/// Rows of several arrays, and the same moved one by one.
void move_rows(const Indices& rows, int threads) {
  std::vector<std::vector<std::byte>> arrays, expected;
  std::vector<RowArray> moved;
  for (const std::size_t width : kWidths) {
    std::vector<std::byte>& array = arrays.emplace_back(kCount * width);
    for (std::size_t i = 0; i < array.size(); ++i)
      array[i] = static_cast<std::byte>(i * 7 + i / width * 13 + i / 65536);
    expected.push_back(keep(array, rows, width));
  }
  for (std::size_t k = 0; k < arrays.size(); ++k) moved.push_back({arrays[k].data(), kWidths[k]});
  if (are_ascending(rows)) {
    compact_rows(moved, rows, threads);
  } else {
    std::vector<std::byte> scratch(300 * rows.size());
    reorder_rows(moved, rows, scratch.data(), threads);
  }
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    EXPECT_TRUE(std::ranges::equal(std::span(arrays[k]).first(expected[k].size()), expected[k])) << "array " << k;
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
                           kept_if([](std::size_t row) { return row != 2500; }),
                           kept_if([](std::size_t row) { return row % 2 == 1; }),
                           kept_if([](std::size_t row) { return row > 4500; }),
                           kept_if([](std::size_t row) { return row < 1500 || row > 5500; }),
                           kept_if([&](std::size_t) { return chance.below(10) != 0; }),
                           chance.any(kCount, kCount),
                           {},
                           {5999}};
  for (const Indices& rows : lists) {
    for (const int threads : {1, 2, 5}) {
      SCOPED_TRACE(std::to_string(rows.size()) + " rows, " + std::to_string(threads) + " threads");
      move_rows(rows, threads);
    }
  }
}

}  // namespace
}  // namespace thalweg::tests
