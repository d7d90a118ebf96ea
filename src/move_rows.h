// Rows of arrays in memory, moved by several threads.
#pragma once

#include "threads/pool.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace thalweg::inline v0_1 {

/// Arrays of as many rows each.
struct RowArray {
  std::byte* data;
  std::size_t row_bytes;
};

/// Bytes that a thread moves at a time. Less than two of these are not worth waking one.
inline constexpr std::size_t kMovedBytes = std::size_t{1} << 18;

/// Calls `work(begin, end)` for parts of [0, count) that are of about kMovedBytes where each is of `bytes`.
template <class Work>
void for_each_part(int threads, std::size_t count, std::size_t bytes, Work&& work) {
  const std::size_t part = std::max<std::size_t>(1, kMovedBytes / std::max<std::size_t>(1, bytes));
  parallel_for(threads, (count + part - 1) / part,
               [&](std::size_t i) { work(i * part, std::min(count, (i + 1) * part)); });
}

void copy_bytes(const std::byte* from, std::byte* to, std::size_t bytes, int threads);

/// Does each row come behind the one before it? Then the others need only be taken out.
bool are_ascending(std::span<const std::int64_t> rows);

/// Row i of each array becomes what `rows[i]` was; the rows are ascending. Moves the rows within the arrays. What it
/// throws (std::bad_alloc) comes before anything has been moved.
void compact_rows(std::span<const RowArray> arrays, std::span<const std::int64_t> rows, int threads);

/// The same for any rows, through memory that has room for the new rows of any one array.
void reorder_rows(std::span<const RowArray> arrays, std::span<const std::int64_t> rows, std::byte* scratch,
                  int threads);

}  // namespace thalweg::inline v0_1
