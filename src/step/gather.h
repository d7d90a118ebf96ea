// GatherPlan: how the elements of one parameter are cut for its sums, and what the pieces add up to.
#pragma once

#include "step/sums.h"

#include <cstddef>
#include <vector>

namespace thalweg::inline v0_1 {

/// What the pieces of one parameter give, by the rule's sums: by piece; by row and tile of columns; by tile of rows and
/// column. A step keeps the memory for the next one.
using GatherParts = std::array<std::vector<double>, kMaxSums>;

/// Pieces depend on the parameter's shape alone, so that the bits of a sum do not depend on threads. A parameter is cut
/// into blocks of kNormBlock elements, or, where rows and columns count, each of its matrices into tiles.
class GatherPlan {
 public:
  /// `sums`: bit k: the rule's k-th sum is taken now.
  GatherPlan(const Rule& rule, const TaskSums& own, const Layout& layout, std::uint32_t sums, GatherParts& parts);

  std::size_t pieces() const { return pieces_; }
  /// Of the largest piece.
  std::size_t piece_elements() const { return tiled_ ? tile_rows_ * tile_columns_ : kNormBlock; }
  /// Runs the rule's kernel over the elements of one piece. `block` gives the block from one element to another.
  template <class MakeBlock>
  void run(std::size_t piece, Gather kernel, const void* coefficients, const Around& around, Precision precision,
           const MakeBlock& block);
  /// Adds up what the pieces gave.
  void combine(TaskSums& own) const;

 private:
  struct Tile {
    std::size_t matrix, row_begin, row_end, column_begin, column_end;
  };
  Tile tile(std::size_t piece) const;
  bool takes(std::size_t k) const { return (sums_ >> k & 1) != 0; }
  SumScope scope(std::size_t k) const { return rule_.sums[k].scope; }

  const Rule& rule_;
  Layout layout_;
  std::uint32_t sums_;
  bool tiled_;
  std::size_t tile_rows_ = 1, tile_columns_ = 1;  // the largest ones
  std::size_t row_tiles_ = 1, column_tiles_ = 1;  // of each matrix
  std::size_t pieces_ = 0;
  GatherParts& parts_;
};

}  // namespace thalweg::inline v0_1
