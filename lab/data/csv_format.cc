// The format csv: rows of a table, or of a series.
#include "data/csv.h"
#include "data/formats.h"
#include "data/table_format.h"
#include "data/table_plan.h"

#include <iostream>
#include <iterator>
#include <string>

namespace thalweg::lab {
namespace {

/// check_data_options has seen the kind.
ColumnUse use_of(const std::string& kind) {
  if (kind == "numeric") return ColumnUse::numeric;
  return kind == "category" ? ColumnUse::category : ColumnUse::ignore;
}

CsvOptions csv_options(const DataOptions& options) {
  CsvOptions csv;
  for (const std::string& text : options.columns) {
    const std::size_t equals = text.rfind('=');  // a name may hold one
    csv.columns[text.substr(0, equals)] = use_of(text.substr(equals + 1));
  }
  // Of two classes written as numbers, one is said to be positive.
  if (!options.positive.empty() && !options.target.empty()) {
    csv.columns.try_emplace(options.target, ColumnUse::category);
  }
  return csv;
}

/// As another table was read: its columns, in its kinds. Those of which nothing was there are no inputs.
CsvOptions like(const DataTable& table) {
  CsvOptions csv;
  csv.schema.emplace();
  for (const TableColumn& column : table.columns) {
    const bool is_empty = gaps_of(column) == table.rows;
    if (!is_empty) csv.schema->push_back({.name = column.name, .kind = column.kind});
  }
  return csv;
}

CsvOptions as_trained(const DataOptions& options) {
  const nlohmann::json& schema = options.schema;
  CsvOptions csv;
  csv.schema.emplace();
  const auto add = [&](const std::string& name, ColumnKind kind, bool optional) {
    for (const CsvColumn& column : *csv.schema)
      if (column.name == name) return;
    csv.schema->push_back({.name = name, .kind = kind, .optional = optional});
  };
  for (const auto& name : schema.at("numeric")) add(name, ColumnKind::numeric, false);
  for (const auto& name : schema.at("categories")) add(name, ColumnKind::category, false);
  add(schema.at("target"), schema.at("target_is_numeric").get<bool>() ? ColumnKind::numeric : ColumnKind::category,
      !options.needs_target);
  return csv;
}

/// `-` is standard input.
DataTable read(const std::string& file, const CsvOptions& options) {
  if (file != "-") return read_csv(file, options);
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  return read_csv_text(text, "standard input", options);
}

Dataset open_csv(const std::string& file, const DataOptions& options) {
  const CsvOptions csv = options.schema.is_null() ? csv_options(options) : as_trained(options);
  return open_table(
      file, options,
      {.format = "csv",
       .read = [&](const std::string& each) { return read(each, csv); },
       .read_like = [](const std::string& each, const DataTable& table) { return read(each, like(table)); }});
}

DataTable csv_table(const std::string& file, const DataOptions& options) { return read(file, csv_options(options)); }

}  // namespace

Format csv_format() {
  return {.name = "csv",
          .argument = "FILE",
          .meaning = "rows of a table, or with --window of a series; --target says what is predicted",
          .options = {"target", "positive", "column", "window", "horizon", "test_fraction", "test_data"},
          .open = open_csv,
          .table = csv_table};
}

}  // namespace thalweg::lab
