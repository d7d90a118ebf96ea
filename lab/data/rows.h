// Rows of numbers and codes as examples: tables, windows of series, arrays.
#pragma once

#include "data/dataset.h"
#include "data/npy.h"

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// Examples with numbers, codes or both.
struct Rows {
  std::int64_t count = 0;            ///< of examples
  std::int64_t features = 0;         ///< number k of an example is of feature k mod features; a feature has one scale
  std::int64_t width = 0;            ///< numbers of an example; 0: none
  std::vector<std::int64_t> begins;  ///< where each example's numbers begin in `values`, so that windows of a series
                                     ///< share theirs; none: one example's behind the other's
  std::vector<double> values;        ///< NaN: missing, taken for the feature's mean
  std::vector<NpyArray> arrays;      ///< in place of `values`: numbers that stay as they are stored, one array's
                                     ///< examples behind the other's
  std::int64_t code_columns = 0;     ///< codes of an example
  std::vector<std::int32_t> codes;   ///< count × code_columns; 0: unknown
  std::vector<std::int64_t> labels;  ///< count, or none: then numbers
  std::vector<double> numbers;       ///< count, or none
};

/// They as a data set's examples; no number is beyond ±kLargestValue. Numbers are scaled by mean and standard deviation
/// of each feature over the training part (1 where that is 0), numeric targets likewise; codes that the training part
/// does not have become 0.
std::shared_ptr<const Examples> row_examples(Rows rows);

/// The largest number that can be scaled: its square must be a number too.
constexpr double kLargestValue = 1e150;

/// What rows are known by, `test` of which are a test part of their own: sizes and checksums.
std::string fingerprint_of(const Rows& rows, std::int64_t test);

}  // namespace thalweg::lab
