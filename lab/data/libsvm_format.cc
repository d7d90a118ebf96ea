// The format libsvm: sparse rows with a label.
#include "data/formats.h"
#include "data/libsvm.h"
#include "data/table_format.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

/// Labels that are a few whole numbers are classes, as LIBSVM's own data have them.
ColumnKind usual_kind(const std::vector<double>& distinct) {
  constexpr std::size_t kMostLabels = 100;
  const bool whole = std::ranges::all_of(distinct, [](double value) { return value == std::floor(value); });
  return whole && distinct.size() <= kMostLabels ? ColumnKind::category : ColumnKind::numeric;
}

/// What the options say of the label; nothing: what its values say.
std::optional<ColumnKind> given_kind(const DataOptions& options) {
  if (!options.schema.is_null()) {
    return options.schema.at("target_is_numeric").get<bool>() ? ColumnKind::numeric : ColumnKind::category;
  }
  std::optional<ColumnKind> kind;
  for (const std::string& text : options.columns) {
    if (text == "label=numeric") {
      kind = ColumnKind::numeric;
    } else if (text == "label=category") {
      kind = ColumnKind::category;
    } else {
      throw Error(fmt::format("--column {}: expected label=numeric or label=category", printable(text)));
    }
  }
  return kind;
}

DataTable labelled(DataTable table, std::optional<ColumnKind> kind) {
  TableColumn& label = table.columns.front();
  std::vector<double> distinct(label.numbers);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (kind.value_or(usual_kind(distinct)) == ColumnKind::numeric) return table;
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
  const std::optional<ColumnKind> kind = given_kind(options);
  const std::int64_t features = options.schema.is_null() ? 0 : std::ssize(options.schema.at("numeric"));
  return open_table(
      file, options,
      {.format = "libsvm",
       .read = [&](const std::string& each) { return labelled(read_libsvm(each, {.features = features}), kind); },
       .read_like =
           [&](const std::string& each, const DataTable& table) {
             return labelled(read_libsvm(each, {.features = std::ssize(table.columns) - 1}),
                             table.columns.front().kind);
           }});
}

DataTable libsvm_table(const std::string& file, const DataOptions& options) {
  return labelled(read_libsvm(file), given_kind(options));
}

}  // namespace

Format libsvm_format() {
  return {.name = "libsvm",
          .argument = "FILE",
          .meaning = "lines of `label index:value …`; whole labels are classes, unless --column label=numeric",
          .options = {"positive", "column", "test_fraction", "test_data"},
          .open = open_libsvm,
          .table = libsvm_table};
}

}  // namespace thalweg::lab
