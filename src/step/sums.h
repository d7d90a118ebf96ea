// TaskSums: the sums that one parameter takes in a step, and its small columns as the step makes them.
#pragma once

#include "parameters.h"

#include <array>
#include <vector>

namespace thalweg::inline v0_1 {

struct TaskSums {
  std::uint32_t taken = 0;         ///< bit k: the rule's k-th sum
  bool has_small_columns = false;  ///< are there columns that are not shaped like the parameter?
  bool by_row = false;             ///< … and shaped like its rows or columns, so that passes go row by row
  std::array<std::vector<double>, kMaxSums> sums;        ///< one number, or one for each row or column
  std::array<std::vector<double>, kMaxColumns> columns;  ///< the small ones, in double for `settle`
  std::array<std::vector<double>, kMaxColumns> shown;    ///< what passes read in their place, if that is something else
  std::array<Buffer, kMaxColumns> read;                  ///< what passes read, in the parameter's type

  /// Reads the small columns as they are.
  void begin(const Parameters& parameters, std::uint32_t index);
  /// Rounds what passes read to the parameter's type.
  void round(Precision precision);
  /// Writes them into the parameter's state.
  void commit(Parameters& parameters, std::uint32_t index) const;
  /// Points the block, which begins at this element, to them.
  void place(Block& block, const Rule& rule, const Layout& layout, std::size_t from, Precision precision) const;
};

}  // namespace thalweg::inline v0_1
