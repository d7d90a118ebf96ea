// DataTable: finding columns, and the lines of rows.
#include "data/table.h"

#include "data/value_text.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::lab {

void RowLines::append(const RowLines& more, std::int64_t rows, std::int64_t lines) {
  for (const Run& run : more.runs_) add(run.row + rows, run.line + lines);
}

std::int64_t RowLines::operator()(std::int64_t row) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), row, [](std::int64_t at, const Run& run) { return at < run.row; });
  const Run& run = *std::prev(after);
  return run.line + (row - run.row);
}

const TableColumn* DataTable::find(std::string_view name) const {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const TableColumn& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

const TableColumn& DataTable::column(std::string_view name) const {
  if (const TableColumn* const found = find(name)) return *found;
  std::vector<std::string> names;
  for (const TableColumn& column : columns) names.push_back(column.name);
  throw Error(fmt::format("{}: no column {}{}", file, shown(name), suggest(name, names)));
}

std::string DataTable::place(std::int64_t row) const { return fmt::format("{}:{}", file, lines(row)); }

}  // namespace thalweg::lab
