// Facts: what is in data and what is odd about them, found by looking at all of them.
#pragma once

#include "data/dataset.h"
#include "data/table.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// Of the numbers of a column.
struct NumberFacts {
  double least = 0, most = 0, mean = 0, deviation = 0;
};

/// Of a column of a table.
struct ColumnFacts {
  std::string name;
  ColumnKind kind = ColumnKind::numeric;
  std::int64_t missing = 0;
  std::int64_t distinct = 0;                                     ///< values, missing ones apart
  std::optional<NumberFacts> numbers{};                          ///< of a numeric column that has some
  std::vector<std::pair<std::string, std::int64_t>> frequent{};  ///< of a category: the most frequent values, at most 3
  /// Of a category that would be numeric but for at most one row in ten: what the first of these rows holds, and how
  /// many there are.
  std::optional<std::pair<std::string, std::int64_t>> stray{};
  bool is_target = false;
  bool is_constant = false;    ///< at most one value, and none is missing beside it
  bool is_identifier = false;  ///< another value in each row: text, or whole numbers
  /// Says the target by itself: its values and the target's belong to each other one to one, or lie on a line.
  bool tells_target = false;
};

/// Of each column, in the table's order. `target`: the column that is predicted, or empty.
std::vector<ColumnFacts> column_facts(const DataTable& table, const std::string& target);

/// How many rows are equal to an earlier one, in all columns.
std::int64_t duplicate_rows(const DataTable& table);

/// Examples with equal inputs, bit for bit.
struct Duplicates {
  std::int64_t training = 0;       ///< training examples whose inputs an earlier one has
  std::int64_t test = 0;           ///< test examples whose inputs an earlier one has
  std::int64_t in_both = 0;        ///< test examples whose inputs a training example has
  std::int64_t contradicting = 0;  ///< examples of both parts whose inputs another has with another target
};
Duplicates duplicates_of(const Dataset& dataset);

/// Numeric inputs as a table, for data that are none: rows of numbers with the target, or the steps of a series without
/// it. Numbers are floats. nullopt for other inputs.
std::optional<DataTable> inputs_table(const Dataset& dataset);

/// How often each code of a text stands in the examples of a part.
std::vector<std::int64_t> character_counts(const Dataset& dataset, const std::vector<std::int64_t>& part);

/// What of all this a person should look at: a line each.
std::vector<std::string> remarks(const std::vector<ColumnFacts>& columns, std::int64_t rows);
std::vector<std::string> remarks(const Dataset& dataset, const Duplicates& duplicates);
/// Of those the ones on classes that a part has no example of. Nothing where the target is no class.
std::vector<std::string> missing_classes(const Dataset& dataset, std::span<const std::int64_t> training,
                                         std::span<const std::int64_t> test);

}  // namespace thalweg::lab
