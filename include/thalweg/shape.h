// Shape: the sizes of a parameter's dimensions, and how its elements lie in memory.
#pragma once

#include <thalweg/api.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace thalweg::inline v0_1 {

/// Sizes of any number of dimensions, the slowest first: `{rows, columns}` for a matrix, none for a single number.
///
/// Elements lie in row-major order unless `strides` says otherwise. Strides count elements, as LibTorch's do, and are
/// of tensors without gaps and overlap: `{channels_last}` convolution weights, transposed matrices. A step runs over
/// the memory in its own order, and state is kept and saved in that order.
struct THALWEG_API Shape {
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> its_sizes) : sizes(its_sizes) {}
  explicit Shape(std::vector<std::int64_t> its_sizes, std::vector<std::int64_t> its_strides = {})
      : sizes(std::move(its_sizes)), strides(std::move(its_strides)) {}

  /// A shard: the range of a parameter of this shape, `count` elements from `first` on in memory order, that this
  /// optimizer steps where several share the parameter. It is a vector that knows its place: its bits are those of the
  /// whole parameter's step. Where norms shall be of the same bits, too, cut at multiples of kNormBlock.
  Shape shard(std::uint64_t first, std::uint64_t count) const;
  bool is_shard() const { return !whole.empty(); }

  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;  ///< empty: row-major
  std::vector<std::int64_t> whole;    ///< of a shard: the parameter's sizes; otherwise empty
  std::uint64_t first = 0;            ///< of a shard: its first element's index in the parameter, in memory order

  /// Product of the sizes; 2⁶⁴ − 1 if it is not below that.
  std::uint64_t elements() const;
  bool is_row_major() const;
  /// `[2, 3]`; `[4] at 2 of [2, 3]` for a shard.
  std::string text() const;

  bool operator==(const Shape&) const = default;
};

/// A parameter's shape as rules see it: a stack of matrices of its last two dimensions. What has fewer than two
/// dimensions is no matrix, and has no rows and columns.
struct Layout {
  std::uint64_t elements = 0;
  std::uint64_t matrices = 0;           ///< 0: no matrix
  std::uint64_t rows = 0, columns = 0;  ///< of each matrix

  constexpr bool is_matrix() const { return matrices > 0; }
  bool operator==(const Layout&) const = default;
};

/// The layout of a shape whose elements lie in row-major order; with others it is none of matrices.
THALWEG_API Layout layout_of(const Shape& shape);

}  // namespace thalweg::inline v0_1
