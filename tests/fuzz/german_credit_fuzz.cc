// libFuzzer target: any bytes as German credit. It is refused by an Error, or is a table of 20 or 24 attributes and a
// class, all of whose codes have a meaning; and the same table without its classes.
#include "data/german_credit.h"
#include "memory_file.h"

#include <thalweg/error.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace {

using thalweg::lab::ColumnKind;
using thalweg::lab::DataTable;
using thalweg::lab::TableColumn;
using thalweg::lab::test::require;

void check(const DataTable& table, std::size_t columns) {
  require(table.rows > 0 && table.columns.size() == columns, "sizes");
  const auto rows = static_cast<std::size_t>(table.rows);
  for (const TableColumn& column : table.columns) {
    if (column.kind == ColumnKind::numeric) {
      require(column.numbers.size() == rows, "a column of another length");
      for (const double number : column.numbers) require(std::isfinite(number), "a number that is not finite");
    } else {
      require(column.codes.size() == rows, "a column of another length");
      for (const std::int32_t code : column.codes)
        require(code >= 0 && static_cast<std::size_t>(code) < column.categories.size(), "a code without a meaning");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const bool optional : {false, true}) {
    try {
      const DataTable table = thalweg::lab::read_german_credit_text(text, "x", {.class_optional = optional});
      const bool numeric = table.columns.front().name == "attribute_1";
      const bool has_class = table.columns.back().name == thalweg::lab::kGermanClass;
      require(has_class || optional, "a table without classes");
      check(table, (numeric ? 24u : 20u) + (has_class ? 1u : 0u));
    } catch (const thalweg::Error& error) {
      require(*error.what() != '\0', "an error without a message");
    }
  }
  return 0;
}
