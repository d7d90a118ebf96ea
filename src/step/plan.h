// Plan: how the elements of a step are cut into chunks for the threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::inline v0_1 {

/// Below so many elements a step takes a few tens of microseconds, which waking a thread does not shorten.
inline constexpr std::size_t kSerialElements = 98'304;

/// A run of elements of one task (one parameter with its gradient).
struct Piece {
  std::uint32_t task;
  std::size_t begin, end;
};

/// Cuts at multiples of kNormBlock elements only, so that neither thread count nor chunk size moves a rounding of a
/// norm. Made once, and again when the list of sizes or the number of threads has changed.
class Plan {
 public:
  /// `sizes[i]` elements in task i.
  void update(std::span<const std::size_t> sizes, int threads);

  /// Threads worth using: 1 for little work.
  int threads() const { return threads_; }
  std::size_t chunks() const { return chunk_ends_.size(); }
  std::span<const Piece> chunk(std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : chunk_ends_[index - 1];
    return std::span(pieces_).subspan(begin, chunk_ends_[index] - begin);
  }

 private:
  std::vector<std::size_t> sizes_;
  int asked_threads_ = 0;
  int threads_ = 1;
  std::vector<Piece> pieces_;
  std::vector<std::size_t> chunk_ends_;  // into pieces_
};

}  // namespace thalweg::inline v0_1
