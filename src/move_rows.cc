// Rows of arrays in memory, moved by several threads.
#include "move_rows.h"

#include <atomic>
#include <cstring>
#include <vector>

namespace thalweg::inline v0_1 {
namespace {

/// Calls `move(to, from, count)` for every run of consecutive rows among those that become the rows [begin, end).
template <class Move>
void for_each_run(std::span<const std::int64_t> rows, std::size_t begin, std::size_t end, const Move& move) {
  for (std::size_t to = begin; to < end;) {
    std::size_t next = to + 1;
    while (next < end && rows[next] == rows[next - 1] + 1) ++next;
    move(to, static_cast<std::size_t>(rows[to]), next - to);
    to = next;
  }
}

/// Ascending rows move towards the front. Each array is cut into chunks of the new rows; what a chunk overwrites must
/// have been read by the chunks in front of it, so it waits for these.
class Compaction {
 public:
  Compaction(std::span<const RowArray> arrays, std::span<const std::int64_t> rows) : arrays_(arrays), rows_(rows) {
    while (first_ < rows.size() && static_cast<std::size_t>(rows[first_]) == first_) ++first_;  // these stay
    std::size_t widest = 1;
    for (const RowArray& array : arrays) {
      widest = std::max(widest, array.row_bytes);
      bytes_ += array.row_bytes * (rows.size() - first_);
    }
    chunk_ = std::max<std::size_t>(1, kMovedBytes / widest);
    chunks_ = (rows.size() - first_ + chunk_ - 1) / chunk_;
    done_ = std::vector<std::atomic<std::uint32_t>>(chunks_ * arrays.size());
  }

  void run(int threads) {
    parallel_for(bytes_ < 2 * kMovedBytes ? 1 : threads, done_.size(), [this](std::size_t) { take_chunk(); });
  }

 private:
  /// Chunks are taken in their order, whatever the order of the calls is: then those that one waits for are being done.
  void take_chunk() {
    const std::size_t taken = next_.fetch_add(1);
    const std::size_t chunk = taken / arrays_.size(), array = taken % arrays_.size();
    const std::size_t begin = first_ + chunk * chunk_, end = std::min(rows_.size(), begin + chunk_);
    wait_for_readers(chunk, array, begin, end);
    const auto [data, width] = arrays_[array];
    for_each_run(rows_, begin, end, [data = data, width = width](std::size_t to, std::size_t from, std::size_t count) {
      std::memmove(data + to * width, data + from * width, count * width);
    });
    std::atomic<std::uint32_t>& done = done_[chunk * arrays_.size() + array];
    done.store(1);
    done.notify_all();
  }

  /// Until no chunk in front has anything to read in [begin, end).
  void wait_for_readers(std::size_t chunk, std::size_t array, std::size_t begin, std::size_t end) {
    const auto reader_of = [&](std::size_t row) {
      const auto moved = rows_.subspan(first_);
      return static_cast<std::size_t>(std::ranges::lower_bound(moved, static_cast<std::int64_t>(row)) - moved.begin());
    };
    const std::size_t first = reader_of(begin), last = reader_of(end);
    if (first == last) return;
    for (std::size_t i = first / chunk_; i <= (last - 1) / chunk_ && i < chunk; ++i) {
      done_[i * arrays_.size() + array].wait(0);
    }
  }

  const std::span<const RowArray> arrays_;
  const std::span<const std::int64_t> rows_;
  std::size_t first_ = 0, bytes_ = 0, chunk_ = 1, chunks_ = 0;
  std::vector<std::atomic<std::uint32_t>> done_;  // by chunk and array
  std::atomic<std::size_t> next_{0};
};

}  // namespace

void copy_bytes(const std::byte* from, std::byte* to, std::size_t bytes, int threads) {
  for_each_part(threads, bytes, 1,
                [&](std::size_t begin, std::size_t end) { std::memcpy(to + begin, from + begin, end - begin); });
}

bool are_ascending(std::span<const std::int64_t> rows) {
  return std::ranges::adjacent_find(rows, std::ranges::greater_equal{}) == rows.end();
}

void compact_rows(std::span<const RowArray> arrays, std::span<const std::int64_t> rows, int threads) {
  if (arrays.empty()) return;
  Compaction(arrays, rows).run(threads);
}

void reorder_rows(std::span<const RowArray> arrays, std::span<const std::int64_t> rows, std::byte* scratch,
                  int threads) {
  for (const auto& [data, width] : arrays) {
    for_each_part(threads, rows.size(), width, [&, data = data, width = width](std::size_t begin, std::size_t end) {
      for_each_run(rows, begin, end, [&](std::size_t to, std::size_t from, std::size_t count) {
        std::memcpy(scratch + to * width, data + from * width, count * width);
      });
    });
    copy_bytes(scratch, data, rows.size() * width, threads);
  }
}

}  // namespace thalweg::inline v0_1
