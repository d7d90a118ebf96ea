// DataTable: columns of numbers and of categories, as files of rows and columns hold them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// What the values of a column are.
enum class ColumnKind { numeric, category };

inline constexpr std::int32_t kMissingCode = -1;  ///< of a category: nothing stands there
inline constexpr std::int32_t kUnseenCode = -2;   ///< of a category: a value that the given list does not have

/// A column: its values are in `numbers` or in `codes`, one a row; the other is empty.
struct TableColumn {
  std::string name;
  ColumnKind kind = ColumnKind::numeric;
  std::vector<double> numbers{};      ///< finite, or NaN where the value is missing
  std::vector<std::int32_t> codes{};  ///< index into `categories`, kMissingCode or kUnseenCode
  /// The distinct values: sorted by number if all are numbers (equal ones by their bytes), else by bytes. Or the list
  /// that was given to read the file by, as it was given.
  std::vector<std::string> categories{};
  std::vector<std::string> unseen{};  ///< the distinct values that have kUnseenCode, sorted by bytes
};

/// On which line of its file a row begins: rows may hold line feeds, and blank lines hold no row.
class RowLines {
 public:
  /// The next row, whose number is one above the last one's (the first is row 0), begins on `line`, counted from 1.
  void add(std::int64_t row, std::int64_t line) {
    if (runs_.empty() || line - row != runs_.back().line - runs_.back().row) runs_.push_back({row, line});
  }
  /// The rows of `more` follow on `rows` rows, and its lines on `lines` lines.
  void append(const RowLines& more, std::int64_t rows, std::int64_t lines);
  /// Line of a row that was added.
  std::int64_t operator()(std::int64_t row) const;

 private:
  struct Run {  // from `row` on every line is a row, as far as the next run
    std::int64_t row, line;
  };
  std::vector<Run> runs_;
};

/// Rows and columns of a file.
struct DataTable {
  std::string file;                    ///< as errors call it
  std::vector<TableColumn> columns{};  ///< with distinct names
  std::int64_t rows = 0;
  RowLines lines{};
  std::vector<std::string> warnings{};  ///< what people should be told of, whole sentences that name the file

  /// The column of this name, or nullptr.
  const TableColumn* find(std::string_view name) const;
  /// The column of this name. Throws Error, which suggests the nearest name, if there is none.
  const TableColumn& column(std::string_view name) const;
  /// `FILE:LINE`, where the row stands, for errors.
  std::string place(std::int64_t row) const;
};

}  // namespace thalweg::lab
