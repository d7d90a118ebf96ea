// Tables as data sets: columns become inputs and a target.
#include "data/table_dataset.h"

#include "data/fingerprint.h"
#include "data/parts.h"
#include "data/rows.h"
#include "data/table_plan.h"

#include <thalweg/error.h>
#include <thalweg/text.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace thalweg::lab {
namespace {

/// Fills rows out of one table after another.
class Filler {
 public:
  explicit Filler(const TablePlan& plan) : plan_(plan) {
    rows_.features = static_cast<std::int64_t>(plan.numeric.size() + plan.with_gaps.size());
    rows_.width = rows_.features;
    rows_.code_columns = static_cast<std::int64_t>(plan.categories.size());
    for (std::size_t i = 0; i < plan.classes.size(); ++i) class_codes_[plan.classes[i]] = static_cast<std::int64_t>(i);
  }

  void add(const DataTable& table, bool may_lack_target) {
    add_numbers(table);
    add_codes(table);
    add_target(table, may_lack_target);
    rows_.count += table.rows;
  }

  Rows take() { return std::move(rows_); }

 private:
  void add_numbers(const DataTable& table) {
    std::vector<const TableColumn*> columns, gaps;
    for (const std::string& name : plan_.numeric) columns.push_back(&of_kind(table, name, ColumnKind::numeric));
    for (const std::string& name : plan_.with_gaps) gaps.push_back(&table.column(name));
    rows_.values.reserve(rows_.values.size() + static_cast<std::size_t>(table.rows * rows_.features));
    for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows); ++row) {
      for (const TableColumn* column : columns) rows_.values.push_back(checked(*column, table, row));
      for (const TableColumn* column : gaps) rows_.values.push_back(std::isnan(column->numbers[row]) ? 1 : 0);
    }
  }

  static double checked(const TableColumn& column, const DataTable& table, std::size_t row) {
    const double number = column.numbers[row];
    if (std::abs(number) > kLargestValue) {
      throw Error(fmt::format("{}: column {}: {} is too large to be scaled; expected numbers within ±{}",
                              table.place(static_cast<std::int64_t>(row)), printable(column.name), number,
                              kLargestValue));
    }
    return number;
  }

  void add_codes(const DataTable& table) {
    std::vector<std::pair<const TableColumn*, std::vector<std::int32_t>>> columns;
    for (std::size_t i = 0; i < plan_.categories.size(); ++i) {
      const TableColumn& column = of_kind(table, plan_.categories[i], ColumnKind::category);
      columns.emplace_back(&column, codes_for(column, plan_.values[i]));
    }
    for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows); ++row) {
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto& [column, codes] = columns[i];
        const std::int32_t code = column->codes[row];
        const auto missing = plan_.may_miss[i] ? static_cast<std::int32_t>(plan_.values[i].size()) + 1 : 0;
        rows_.codes.push_back(code >= 0 ? codes[static_cast<std::size_t>(code)] : code == kMissingCode ? missing : 0);
      }
    }
  }

  /// The plan's code of each of the column's own; 0: unknown.
  static std::vector<std::int32_t> codes_for(const TableColumn& column, const std::vector<std::string>& values) {
    std::map<std::string, std::int32_t> places;
    for (std::size_t i = 0; i < values.size(); ++i) places[values[i]] = static_cast<std::int32_t>(i) + 1;
    std::vector<std::int32_t> codes;
    for (const std::string& value : column.categories) {
      const auto found = places.find(value);
      codes.push_back(found == places.end() ? 0 : found->second);
    }
    return codes;
  }

  void add_target(const DataTable& table, bool may_lack_target) {
    const auto rows = static_cast<std::size_t>(table.rows);
    const TableColumn* const column = may_lack_target ? table.find(plan_.target) : &table.column(plan_.target);
    if (column == nullptr) {
      plan_.is_label ? rows_.labels.resize(rows_.labels.size() + rows)
                     : rows_.numbers.resize(rows_.numbers.size() + rows);
      return;
    }
    if (!may_lack_target) check_gaps(*column, table);
    if (plan_.is_label) {
      add_labels(*column, table);
    } else {
      const TableColumn& numbers = of_kind(table, plan_.target, ColumnKind::numeric);
      for (std::size_t row = 0; row < rows; ++row) {
        const double number = checked(numbers, table, row);
        rows_.numbers.push_back(std::isnan(number) ? 0 : number);
      }
    }
  }

  static bool is_gap(const TableColumn& column, std::size_t row) {
    return column.kind == ColumnKind::numeric ? std::isnan(column.numbers[row]) : column.codes[row] == kMissingCode;
  }

  void check_gaps(const TableColumn& column, const DataTable& table) const {
    const std::int64_t gaps = gaps_of(column);
    if (gaps == 0) return;
    std::size_t row = 0;
    while (!is_gap(column, row)) ++row;
    throw Error(fmt::format("{}: the target {} is missing{}; fill it, or remove such rows",
                            table.place(static_cast<std::int64_t>(row)), printable(plan_.target),
                            gaps == 1 ? "" : fmt::format(", as in {} other rows of {}", gaps - 1, table.rows)));
  }

  void add_labels(const TableColumn& column, const DataTable& table) {
    std::vector<std::int64_t> classes;  // of the column's categories; found when a row has them
    if (column.kind == ColumnKind::category) classes.assign(column.categories.size(), -1);
    for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows); ++row) {
      if (is_gap(column, row)) {
        rows_.labels.push_back(0);
      } else if (column.kind == ColumnKind::numeric) {
        rows_.labels.push_back(class_of(class_text(column.numbers[row]), table, row));
      } else {
        const auto code = static_cast<std::size_t>(column.codes[row]);
        if (classes[code] < 0) classes[code] = class_of(column.categories[code], table, row);
        rows_.labels.push_back(classes[code]);
      }
    }
  }

  std::int64_t class_of(const std::string& text, const DataTable& table, std::size_t row) const {
    if (plan_.is_one_against_rest) return text == plan_.positive ? 1 : 0;
    const auto found = class_codes_.find(text);
    if (found != class_codes_.end()) return found->second;
    throw Error(fmt::format("{}: the class '{}' of {} is not among those of the training data: {}",
                            table.place(static_cast<std::int64_t>(row)), printable(text), printable(plan_.target),
                            listed(plan_.classes)));
  }

  static const TableColumn& of_kind(const DataTable& table, const std::string& name, ColumnKind kind) {
    const TableColumn& column = table.column(name);
    if (column.kind == kind) return column;
    throw Error(fmt::format("{}: column {} has {} here and {} in the training data; --column {}=… reads both alike",
                            table.file, printable(name), kind == ColumnKind::numeric ? "categories" : "numbers",
                            kind == ColumnKind::numeric ? "numbers" : "categories", printable(name)));
  }

  const TablePlan& plan_;
  std::map<std::string, std::int64_t> class_codes_;
  Rows rows_;
};

/// Rows of one table, which follow each other in time, become windows: appends where each begins, and its target.
class Windows {
 public:
  Windows(const Rows& rows, const DataOptions& options) : rows_(rows), options_(options) {}

  /// How many examples the next `count` rows are.
  std::int64_t add(std::int64_t count, const std::string& file) {
    const std::int64_t target = options_.window - 1 + options_.horizon;  // row of the first window's
    const std::int64_t needed = options_.needs_target ? target + 1 : options_.window;
    if (count < needed) {
      throw Error(fmt::format("{}: {} row{} too few for --window {}{}: they take {}", file, count,
                              count == 1 ? " is" : "s are", options_.window,
                              options_.needs_target ? fmt::format(" and --horizon {}", options_.horizon) : "", needed));
    }
    const std::int64_t windows = count - needed + 1;
    for (std::int64_t i = 0; i < windows; ++i) {
      begins_.push_back((row_ + i) * rows_.features);
      const std::int64_t row = i + target < count ? row_ + i + target : -1;
      if (!rows_.labels.empty()) labels_.push_back(row < 0 ? 0 : rows_.labels[static_cast<std::size_t>(row)]);
      if (!rows_.numbers.empty()) numbers_.push_back(row < 0 ? 0 : rows_.numbers[static_cast<std::size_t>(row)]);
    }
    row_ += count;
    return windows;
  }

  void put(Rows& rows) {
    rows.count = std::ssize(begins_);
    rows.width = options_.window * rows.features;
    rows.begins = std::move(begins_);
    rows.labels = std::move(labels_);
    rows.numbers = std::move(numbers_);
  }

 private:
  const Rows& rows_;
  const DataOptions& options_;
  std::int64_t row_ = 0;
  std::vector<std::int64_t> begins_, labels_;
  std::vector<double> numbers_;
};

std::vector<Input> inputs_of(const TablePlan& plan, const Rows& rows, const DataOptions& options) {
  std::vector<Input> inputs;
  std::vector<std::string> names = plan.numeric;
  for (const std::string& name : plan.with_gaps) names.push_back(name + " is missing");
  if (options.window > 0) {
    inputs.push_back({.kind = InputKind::series, .shape = {options.window, rows.features}, .columns = names});
  } else if (rows.width > 0) {
    inputs.push_back({.kind = InputKind::numbers, .shape = {rows.width}, .columns = names});
  }
  if (rows.code_columns == 0) return inputs;
  Input codes{.kind = InputKind::categories, .shape = {rows.code_columns}, .columns = plan.categories};
  for (std::size_t i = 0; i < plan.values.size(); ++i)
    codes.sizes.push_back(static_cast<std::int64_t>(plan.values[i].size()) + (plan.may_miss[i] ? 2 : 1));
  inputs.push_back(std::move(codes));
  return inputs;
}

}  // namespace

Dataset table_dataset(const DataTable& table, const DataOptions& options, const DataTable* test) {
  if (options.window == 0 && options.horizon != DataOptions{}.horizon) {
    throw Error("--horizon: means nothing without --window, by which a table is a series");
  }
  Dataset dataset;
  dataset.notes = table.warnings;
  if (test != nullptr) dataset.notes.insert(dataset.notes.end(), test->warnings.begin(), test->warnings.end());
  const bool is_again = !options.schema.is_null();
  const TablePlan plan = is_again ? table_plan_of(options.schema) : plan_for(table, options, dataset.notes);
  Filler filler(plan);
  filler.add(table, !options.needs_target);
  if (test != nullptr) filler.add(*test, false);
  Rows rows = filler.take();
  std::int64_t test_rows = test == nullptr ? 0 : test->rows;
  if (options.window > 0) {
    Windows windows(rows, options);
    windows.add(table.rows, table.file);
    if (test != nullptr) test_rows = windows.add(test->rows, test->file);
    windows.put(rows);
  }

  dataset.inputs = inputs_of(plan, rows, options);
  dataset.target.kind = plan.is_label ? TargetKind::label : TargetKind::number;
  dataset.target.name = plan.target;
  dataset.target.class_names = plan.classes;
  dataset.target.classes = std::ssize(plan.classes);
  dataset.in_order = options.window > 0;
  dataset.schema = to_json(plan);
  // Names too: red and green may not become green and red.
  const std::string schema = dataset.schema.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  dataset.fingerprint =
      fmt::format("{}-{:08x}", fingerprint_of(rows, test_rows), checksum_of(std::span<const char>(schema)));
  if (is_again) test_rows = rows.count;
  give_parts(dataset, rows.count - test_rows, test_rows);
  dataset.examples = row_examples(std::move(rows));
  if (!is_again && test == nullptr) divide(dataset, std::move(dataset.train), options, table.file);
  return dataset;
}

}  // namespace thalweg::lab
