// How the elements of a step are cut into chunks for the threads.
#include "step/plan.h"

#include "backends/backend.h"

#include <algorithm>

namespace thalweg::inline v0_1 {
namespace {

// Long enough that the hardware's prefetching is not disturbed, short enough to balance the threads.
constexpr std::size_t kLongestChunk = 64 * kNormBlock;

}  // namespace

void Plan::update(std::span<const std::size_t> sizes, int threads) {
  if (threads == asked_threads_ && std::ranges::equal(sizes, sizes_)) return;
  sizes_.assign(sizes.begin(), sizes.end());
  asked_threads_ = threads;
  pieces_.clear();
  chunk_ends_.clear();

  std::size_t total = 0;
  for (std::size_t size : sizes) total += size;
  threads_ = total < kSerialElements ? 1 : threads;
  const std::size_t wanted = threads_ == 1 ? total : total / (static_cast<std::size_t>(threads_) * 4);
  const std::size_t chunk_size = std::clamp(wanted / kNormBlock * kNormBlock, kNormBlock, kLongestChunk);

  std::size_t in_chunk = 0;
  for (std::size_t task = 0; task < sizes.size(); ++task) {
    for (std::size_t begin = 0; begin < sizes[task];) {
      const std::size_t end = std::min(sizes[task], begin + chunk_size);
      pieces_.push_back({static_cast<std::uint32_t>(task), begin, end});
      in_chunk += end - begin;
      begin = end;
      if (in_chunk >= chunk_size) {
        chunk_ends_.push_back(pieces_.size());
        in_chunk = 0;
      }
    }
  }
  if (in_chunk > 0) chunk_ends_.push_back(pieces_.size());
}

}  // namespace thalweg::inline v0_1
