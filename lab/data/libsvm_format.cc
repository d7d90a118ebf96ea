// The format libsvm: sparse rows with a label.
#include "data/formats.h"
#include "data/libsvm.h"
#include "data/table_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

Table labelled(Table table, const DataOptions& options) {
  // Labels that are a few whole numbers are classes, as LIBSVM's own data have them.
  constexpr std::size_t kMostLabels = 100;
  TableColumn& label = table.columns.front();
  std::vector<double> distinct(label.numbers);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  bool whole = distinct.size() <= kMostLabels;
  for (const double value : distinct) whole = whole && value == std::floor(value);
  if (!options.schema.is_null()) whole = options.schema.at("is_label").get<bool>();
  if (!whole) return table;
  label.kind = ColumnKind::category;
  for (const double value : distinct) label.categories.push_back(fmt::format("{}", value));
  for (const double value : label.numbers) {
    label.codes.push_back(
        static_cast<std::int32_t>(std::lower_bound(distinct.begin(), distinct.end(), value) - distinct.begin()));
  }
  label.numbers.clear();
  return table;
}

Dataset open_libsvm(const std::string& file, const DataOptions& given) {
  DataOptions options = given;
  options.target = "label";
  const std::int64_t features = options.schema.is_null() ? 0 : std::ssize(options.schema.at("numeric"));
  return open_table(
      file, options,
      {.format = "libsvm",
       .read = [&](const std::string& each) { return labelled(read_libsvm(each, {.features = features}), options); },
       .read_like =
           [&](const std::string& each, const Table& table) {
             return labelled(read_libsvm(each, {.features = std::ssize(table.columns) - 1}), options);
           }});
}

}  // namespace

Format libsvm_format() {
  return {.name = "libsvm",
          .argument = "FILE",
          .meaning = "lines of `label index:value …`; whole labels are classes",
          .options = {"positive", "test_fraction", "test_data"},
          .open = open_libsvm};
}

}  // namespace thalweg::lab
