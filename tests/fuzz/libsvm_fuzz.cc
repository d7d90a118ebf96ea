// libFuzzer target: any bytes as a LIBSVM file. It is refused by an Error, or is a table of finite numbers, and the
// same table again where as many features are asked for as it has.
#include "data/libsvm.h"
#include "memory_file.h"

#include <thalweg/error.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

namespace {

using thalweg::lab::DataTable;
using thalweg::lab::LibsvmOptions;
using thalweg::lab::TableColumn;
using thalweg::lab::test::require;

void check(const DataTable& table, const DataTable& again) {
  require(table.rows > 0 && table.columns.size() > 1 && table.columns.size() == again.columns.size(), "sizes");
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const TableColumn& column = table.columns[i];
    require(column.numbers.size() == static_cast<std::size_t>(table.rows), "a column of another length");
    require(std::all_of(column.numbers.begin(), column.numbers.end(), [](double x) { return std::isfinite(x); }),
            "a number that is not finite");
    require(column.numbers == again.columns[i].numbers, "another column");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  LibsvmOptions options;
  options.most_values = 1 << 16;
  try {
    const DataTable table = thalweg::lab::read_libsvm_text(text, "x", options);
    options.features = static_cast<std::int64_t>(table.columns.size()) - 1;
    check(table, thalweg::lab::read_libsvm_text(text, "x", options));
  } catch (const thalweg::Error& error) {
    require(*error.what() != '\0', "an error without a message");
  }
  return 0;
}
