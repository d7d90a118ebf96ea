// CSV: reads files of separated values into a DataTable, finding out how they are written.
#pragma once

#include "data/table.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// What a column is read as, in place of what its values say.
enum class ColumnUse { numeric, category, ignore };

/// A column that a file must have, as another file had it.
struct CsvColumn {
  std::string name;
  ColumnKind kind = ColumnKind::numeric;
  /// Of a category: its list, which codes count by; not given: those that are there.
  std::optional<std::vector<std::string>> categories = std::nullopt;
  bool optional = false;  ///< may be missing; then the table does not have it
};

/// How a file is read. Whatever is not given is found out.
struct CsvOptions {
  /// By column name. A name that is no column is an Error.
  std::map<std::string, ColumnUse> columns;
  /// If given, the table has these columns in this order, and other columns of the file are ignored; `columns` is not
  /// looked at. Values that a list of categories does not have get kUnseenCode.
  std::optional<std::vector<CsvColumn>> schema;
  char separator = '\0';       ///< or , ; tab |
  std::optional<bool> header;  ///< whether the first row is names
  int threads = 0;             ///< at most; 0: as many as help on this machine. The table is the same for all.
  std::size_t smallest_piece = std::size_t{1} << 20;  ///< bytes that are worth a thread
};

/// Reads a CSV file, plain or gzip (which its first bytes say).
///
/// Text: UTF-8, with or without byte order mark. A row ends with LF or CR LF. Lines that are empty, or hold only
/// spaces, are skipped.
///
/// Separator: of comma, semicolon, tab and | the one by which the first 100 rows have the same number of fields, at
/// least 2. If several do, the rarest in text: tab, semicolon, |, then comma. If none does, the one by which most of
/// these rows have the same number. If no row has 2 fields, the file has one column.
///
/// Header: the first row is names if none of its fields is a number. If some are (2019, 2020), it is names if a field
/// of it is no number while all that stands below it in the next rows, up to 100, are numbers. Otherwise there is none,
/// and the columns are called c1, c2, … A column without a name gets such a one too. With a schema, the first row is a
/// header also if it has all the names that must be there.
///
/// Fields: as RFC 4180 has them. A field in quotes may hold separators, line feeds and, doubled, quotes. Spaces and
/// tabs around a field are no part of it; in quotes they are. A quote within a field that began without one is a
/// character like others.
///
/// Values: missing are those that are empty, NA, N/A, NaN, nan, null, NULL, None or ?, with and without quotes. A
/// column is numeric if all others are numbers, written as 1, -1.5, +.5 or 1e-5, else it is a category. A column of
/// which nothing is there is numeric. A decimal comma is not supported: such a column is a category, and `warnings`
/// says so.
///
/// Throws Error, which names file and line, where the file is no such file: wrong bytes, quotes that do not close, rows
/// of another number of fields than the first, equal names, no rows, values that are no numbers in columns that must be
/// numeric, numbers outside the range of doubles. Of several wrong rows it names the first.
DataTable read_csv(const std::filesystem::path& file, const CsvOptions& options = {});

/// The same of a text in memory, which is not compressed; `name` is what errors call it.
DataTable read_csv_text(std::string_view text, std::string name, const CsvOptions& options = {});

}  // namespace thalweg::lab
