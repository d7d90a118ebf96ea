// What tests of CSV share: reading a text, and looking at the table.
#pragma once

#include "data/csv.h"

#include "error_of.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::lab::test {

inline DataTable read(std::string_view text, const CsvOptions& options = {}) {
  return read_csv_text(text, "in.csv", options);
}

/// The error that reading the text must throw.
inline std::string refusal(std::string_view text, const CsvOptions& options = {}) {
  return tests::error_of([&] { read(text, options); });
}

inline std::vector<std::string> names(const DataTable& table) {
  std::vector<std::string> result;
  for (const TableColumn& column : table.columns) result.push_back(column.name);
  return result;
}

/// A category column's values as text, `-` where missing and `!` where unseen.
inline std::vector<std::string> texts(const TableColumn& column) {
  EXPECT_EQ(column.kind, ColumnKind::category) << column.name;
  std::vector<std::string> result;
  for (const std::int32_t code : column.codes) {
    result.push_back(code == kMissingCode  ? "-"
                     : code == kUnseenCode ? "!"
                                           : column.categories.at(static_cast<std::size_t>(code)));
  }
  return result;
}

// Columns of a schema.
inline CsvColumn numeric(std::string name, bool optional = false) {
  return {std::move(name), ColumnKind::numeric, std::nullopt, optional};
}
inline CsvColumn category(std::string name, std::vector<std::string> categories) {
  return {std::move(name), ColumnKind::category, std::move(categories), false};
}

}  // namespace thalweg::lab::test
