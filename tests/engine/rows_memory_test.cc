// Memory of rows that come and go: how much is asked for, and what is left where there is none. In a process of its
// own: it counts and fails all requests for memory.
#include "engine/numbers.h"

#include <thalweg/safetensors.h>
#include <thalweg/thalweg.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <new>
#include <numeric>
#include <optional>
#include <vector>

#include <malloc.h>

namespace thalweg::tests {
namespace {

/// What has been asked for since `watch`.
struct Memory {
  std::size_t live = 0, most = 0, asked = 0;  // bytes
  std::size_t requests_left = std::numeric_limits<std::size_t>::max();

  void* get(std::size_t bytes, std::size_t alignment) {
    if (requests_left == 0) throw std::bad_alloc();
    --requests_left;
    void* const memory = std::aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
    if (memory == nullptr) throw std::bad_alloc();
    asked += bytes;
    live += malloc_usable_size(memory);
    most = std::max(most, live);
    return memory;
  }
  void put(void* memory) {
    live -= malloc_usable_size(memory);
    std::free(memory);
  }
} memory;

}  // namespace
}  // namespace thalweg::tests

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return thalweg::tests::memory.get(bytes, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return thalweg::tests::memory.get(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return operator new(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { thalweg::tests::memory.put(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { thalweg::tests::memory.put(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { thalweg::tests::memory.put(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  thalweg::tests::memory.put(memory);
}

namespace thalweg::tests {
namespace {

using Indices = std::vector<std::int64_t>;

constexpr std::size_t kRows = 1000, kWidth = 59;
/// Whatever is not a column.
constexpr std::size_t kSmall = 4096;

struct Used {
  std::size_t asked, most;
};

template <class Work>
Used used_by(const Work& work) {
  const std::size_t live = memory.live, asked = memory.asked;
  memory.most = live;
  work();
  return {memory.asked - asked, memory.most - live};
}

/// Adam with an average on rows of 59 numbers: three columns.
struct Table {
  explicit Table(StepCount count, std::size_t rows = kRows, std::size_t room = 2 * kRows)
      : optimizer(Nadam{}, {.step_count = count, .average = {.kind = AverageKind::ema}}, {.threads = 1}),
        theta(room * kWidth),
        handle(optimizer.add("theta", front(rows), {static_cast<std::int64_t>(rows), kWidth})) {
    step();
  }
  std::span<float> front(std::size_t rows) { return std::span(theta).first(rows * kWidth); }
  void step() {
    const std::vector<float> gradient = random_numbers<float>(optimizer.shape(handle).elements(), 3, "gradient");
    optimizer.step({{handle, gradient}});
  }

  Optimizer optimizer;
  std::vector<float> theta;
  Handle handle;
};

Indices all_but_tenths(std::size_t count) {
  Indices rows;
  for (std::size_t row = 0; row < count; ++row) {
    if (row % 10 != 3) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

TEST(RowsMemory, RemovedInPlaceAndAppendedIntoTheRoomTakesNone) {
  for (const StepCount count : {StepCount::per_parameter, StepCount::per_row}) {
    Table table(count);
    const Indices rows = all_but_tenths(kRows);
    const std::size_t state = table.optimizer.state_bytes();
    EXPECT_LT(used_by([&] { table.optimizer.keep_rows(table.handle, rows); }).asked, kSmall);
    EXPECT_EQ(table.optimizer.state_bytes(), state);
    EXPECT_LT(used_by([&] { table.optimizer.append_rows(table.handle, table.front(kRows)); }).asked, kSmall);
    EXPECT_EQ(table.optimizer.state_bytes(), state);
    table.step();
  }
}

TEST(RowsMemory, AnyOrderTakesOneColumnsCopy) {
  Table table(StepCount::per_row);
  Indices rows(kRows);
  std::iota(rows.rbegin(), rows.rend(), 0);
  const Used used = used_by([&] { table.optimizer.keep_rows(table.handle, rows); });
  constexpr std::size_t kColumn = kRows * kWidth * sizeof(float);
  EXPECT_LT(used.asked, kColumn + kSmall);
}

// The columns' new parts, and beside them the old memory of the one that is being copied.
TEST(RowsMemory, GrowthTakesOneColumnsCopyMore) {
  constexpr std::size_t kColumn = kRows * kWidth * sizeof(float);
  {
    Table table(StepCount::per_parameter);
    const Used used = used_by([&] { table.optimizer.append_rows(table.handle, table.front(kRows * 5 / 4)); });
    EXPECT_LT(used.most, 3 * kColumn / 4 + kColumn + 4 * kSmall);  // threads that start ask for some, too
  }
  {
    Table table(StepCount::per_parameter);
    Indices rows(kRows * 5 / 4, 7);
    const Used used = used_by([&] { table.optimizer.keep_rows(table.handle, rows, table.front(kRows * 5 / 4)); });
    EXPECT_LT(used.most, 3 * kColumn / 4 + kColumn * 5 / 4 + kSmall);
  }
}

// Without memory everything is as it was, and what was asked for can be asked for again.
TEST(RowsMemory, WhereThereIsNoneNothingHasChanged) {
  constexpr std::size_t kFew = 12;
  const std::vector<std::function<void(Table&)>> changes{
      [](Table& table) { table.optimizer.keep_rows(table.handle, all_but_tenths(kFew)); },
      [](Table& table) {
        table.optimizer.keep_rows(table.handle, Indices{3, 2, 9, 9});
      },
      [](Table& table) {
        table.optimizer.keep_rows(table.handle, Indices{0, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11},
                                  table.front(15));
      },
      [](Table& table) { table.optimizer.append_rows(table.handle, table.front(17)); },
      [](Table& table) {
        table.optimizer.reset_rows(table.handle, Indices{1, 5});
      },
  };
  for (std::size_t which = 0; which < changes.size(); ++which) {
    Table expected(StepCount::per_row, kFew, 20);
    changes[which](expected);
    expected.step();
    std::size_t failures = 0;
    for (bool done = false; !done; ++failures) {
      Table table(StepCount::per_row, kFew, 20);
      const auto before = safetensors::to_bytes(table.optimizer.state());
      const std::vector<float> theta = table.theta;
      const std::function<void(Table&)>& change = changes[which];
      memory.requests_left = failures;
      try {
        change(table);
        done = true;
      } catch (const std::bad_alloc&) {
      }
      memory.requests_left = std::numeric_limits<std::size_t>::max();
      if (!done) {
        ASSERT_EQ(safetensors::to_bytes(table.optimizer.state()), before) << which << " " << failures;
        ASSERT_EQ(table.theta, theta) << which << " " << failures;
        change(table);
      }
      table.step();
      ASSERT_EQ(safetensors::to_bytes(table.optimizer.state()), safetensors::to_bytes(expected.optimizer.state()))
          << which << " " << failures;
      ASSERT_EQ(table.theta, expected.theta);
    }
    EXPECT_GT(failures, 2u) << which;
  }
}

}  // namespace
}  // namespace thalweg::tests
