// libFuzzer target: any bytes as a CSV file. It is refused by an Error, or is a table whose columns are whole; the same
// in one thread and in several, and if it is read once more by the columns that it had. The first byte says how it is
// read.
#include "data/csv.h"
#include "memory_file.h"

#include <thalweg/error.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using thalweg::lab::ColumnKind;
using thalweg::lab::CsvOptions;
using thalweg::lab::DataTable;
using thalweg::lab::TableColumn;
using thalweg::lab::test::MemoryFile;
using thalweg::lab::test::require;

using Result = std::variant<DataTable, std::string>;  // or the error

template <class Read>
Result result_of(const Read& read) {
  try {
    return read();
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
    return std::string(error.what());
  }
}

void check(const DataTable& table) {
  const auto rows = static_cast<std::size_t>(table.rows);
  require(rows > 0 && !table.columns.empty(), "a table of nothing");
  for (const TableColumn& column : table.columns) {
    const bool numeric = column.kind == ColumnKind::numeric;
    require(column.numbers.size() == (numeric ? rows : 0) && column.codes.size() == (numeric ? 0 : rows),
            "a column of another length");
    require(std::none_of(column.numbers.begin(), column.numbers.end(), [](double x) { return std::isinf(x); }),
            "an infinite number");
    std::vector<std::string> categories = column.categories;
    std::sort(categories.begin(), categories.end());
    require(std::adjacent_find(categories.begin(), categories.end()) == categories.end(), "equal categories");
    std::vector<bool> used(categories.size());
    for (const std::int32_t code : column.codes) {
      require(code >= thalweg::lab::kMissingCode && code < static_cast<std::int32_t>(used.size()), "a wrong code");
      if (code >= 0) used[static_cast<std::size_t>(code)] = true;
    }
    require(std::find(used.begin(), used.end(), false) == used.end(), "a category that no row has");
  }
  for (std::int64_t row = 1; row < table.rows; ++row)
    require(table.lines(row - 1) < table.lines(row), "lines do not ascend");
}

bool same(const TableColumn& a, const TableColumn& b) {
  return a.name == b.name && a.kind == b.kind && a.codes == b.codes && a.categories == b.categories &&
         std::equal(a.numbers.begin(), a.numbers.end(), b.numbers.begin(), b.numbers.end(), [](double x, double y) {
           return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
         });
}

bool same(const Result& a, const Result& b) {
  if (a.index() != b.index()) return false;
  if (std::holds_alternative<std::string>(a)) return std::get<std::string>(a) == std::get<std::string>(b);
  const DataTable& x = std::get<DataTable>(a);
  const DataTable& y = std::get<DataTable>(b);
  bool equal = x.rows == y.rows && std::equal(x.columns.begin(), x.columns.end(), y.columns.begin(), y.columns.end(),
                                              [](const TableColumn& p, const TableColumn& q) { return same(p, q); });
  for (std::int64_t row = 0; equal && row < x.rows; ++row) equal = x.lines(row) == y.lines(row);
  return equal;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned how = data[0];
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  CsvOptions options;
  options.threads = 1;
  options.smallest_piece = 1;
  if ((how & 1) != 0) options.header = (how & 2) != 0;
  if ((how & 4) != 0) options.separator = ",;\t|"[how >> 3 & 3];
  const auto read = [&] { return thalweg::lab::read_csv_text(text, "x", options); };
  const Result one = result_of(read);
  options.threads = 2 + static_cast<int>(how >> 5);
  require(same(result_of(read), one), "another table in several threads");
  const DataTable* const table = std::get_if<DataTable>(&one);
  if (table == nullptr) return 0;
  check(*table);
  const MemoryFile file({data + 1, size - 1});
  options.threads = 1;
  require(same(result_of([&] { return thalweg::lab::read_csv(file.path(), options); }), one),
          "another table of a file");
  if (!options.header) return 0;
  options.schema.emplace();
  for (const TableColumn& column : table->columns)
    options.schema->push_back({column.name, column.kind, column.categories, false});
  require(same(result_of(read), one), "another table by its own columns");
  return 0;
}
