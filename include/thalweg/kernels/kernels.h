// What a back-end gives for a rule: functions over blocks of contiguous elements.
#pragma once

#include <thalweg/kernels/around.h>
#include <thalweg/kernels/block_sums.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace thalweg::inline v0_1 {

/// State columns that a rule may have.
inline constexpr std::size_t kMaxColumns = 6;
/// Scalars that a rule may have.
inline constexpr std::size_t kMaxScalars = 4;
/// Sums that a rule may have.
inline constexpr std::size_t kMaxSums = 8;
/// Bytes that a rule's coefficients may take.
inline constexpr std::size_t kMaxCoefficientBytes = 256;

/// How elements are stored: their type, and the code that turns memory into numbers. Plain numbers alone today; narrow
/// ones add a code here and a decoder in front of the kernels.
enum class Storage : std::uint8_t { f32, f64 };

/// Contiguous elements of one parameter, or those of one row if the rule reads columns that are shaped like rows or
/// columns. Streams begin at the block's first element, those shaped like rows or one number at their one element for
/// the block; a null one is not in use. Nothing overlaps; nothing need be aligned beyond its element type.
struct Block {
  std::size_t count;      ///< elements
  std::size_t following;  ///< elements behind the block that are next: memory worth asking for
  std::uint64_t first;    ///< index of the first element in the whole parameter
  std::uint64_t key;      ///< of the parameter, from its name: where random bits are counted from
  std::int64_t step;      ///< counts from 1
  void* theta;
  const void* gradient;
  void* average;
  void* columns[kMaxColumns];  // as many as the rule has; those behind them say nothing
  Storage storage;             ///< of the parameter and its gradient
  Storage average_storage;
  Storage column_storage[kMaxColumns];
  /// For the report, where the block begins at a multiple of kNormBlock and nothing cuts those: a total for each.
  BlockTotals* totals;
  /// Where it does not: the sums that the block is part of. Null both: no report.
  BlockSums* sums;

  bool looks() const { return totals != nullptr || sums != nullptr; }
};

/// One step of the blocks, which have the same coefficients. `coefficients` points to the rule's own struct. Gives
/// whether an element of the gradients is infinite or NaN.
using Update = bool (*)(const void* coefficients, const Around& around, std::span<const Block> blocks);

/// Where `gather` adds the shares of a block's elements. A null sum is not taken.
struct SumPlaces {
  /// By the rule's sums: one number where the block's total is added, whatever the scope but columns …
  std::array<double*, kMaxSums> totals{};
  /// … and where each element's share is added, for sums over columns; elements of the block's storage.
  std::array<void*, kMaxSums> by_column{};
};

/// The shares of a block's elements in the sums of one round. Changes nothing else. The totals have a fixed shape:
/// 32 running sums in the element's type over runs of 256 elements, then 32 in double, then a tree of halves.
using Gather = void (*)(const void* coefficients, const Around& around, const Block& block, const SumPlaces& sums);

/// Elements in one run of a block's totals.
inline constexpr std::size_t kSumRun = 256;
/// Rounds of sums that a rule may have.
inline constexpr std::size_t kMaxRounds = 3;

/// A rule's steps, compiled for one target. `gather` is null beyond the rule's rounds.
struct Kernels {
  std::string_view target;
  Update f32 = nullptr, f64 = nullptr;
  std::array<Gather, kMaxRounds> gather_f32{}, gather_f64{};
};

}  // namespace thalweg::inline v0_1
