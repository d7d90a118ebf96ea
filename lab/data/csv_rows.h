// The rows of a CSV file: read in pieces, in several threads, into columns.
#pragma once

#include "data/csv.h"
#include "data/csv_layout.h"
#include "data/table.h"
#include "data/text_bytes.h"
#include "data/value_codes.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// What is done with the fields of a column.
enum class CsvFieldUse {
  skip,
  numeric,        ///< what is no number is an error
  maybe_numeric,  ///< at what is no number the column turns out to be a category
  category
};

/// A column of some rows.
struct CsvPieceColumn {
  std::vector<double> numbers;
  std::vector<std::int32_t> codes;
  ValueCodes values;                   ///< what the codes mean
  bool category = false;               ///< of maybe_numeric: it is one; `numbers` are only those before that was seen
  const char* out_of_range = nullptr;  ///< of maybe_numeric: the first number that no double holds
};

/// Some rows that follow each other.
struct CsvPiece {
  std::vector<CsvPieceColumn> columns;  ///< as many as `uses`
  std::int64_t rows = 0;
  RowLines lines;  ///< counted from the piece's first row and line on
  std::int64_t line_count = 0;
};

/// What errors say of a value of the column that no double holds.
std::string out_of_range_text(const std::string& name, std::string_view value);

/// Reads all rows from `layout.first` on; `uses` says what to do with each column. Throws Error, for the first row of
/// the text that is wrong.
std::vector<CsvPiece> read_rows(const TextBytes& text, const std::vector<TextBytes::Piece>& pieces,
                                const CsvLayout& layout, const std::vector<CsvFieldUse>& uses);

}  // namespace thalweg::lab
