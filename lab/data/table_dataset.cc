// Tables as data sets: columns become inputs and a target.
#include "data/table_dataset.h"

#include "data/parts.h"
#include "data/rows.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

namespace thalweg::lab {
namespace {

/// What the data set is made of, in the table's order.
struct Plan {
  std::vector<std::string> numeric, with_gaps, categories;  ///< names of columns
  std::vector<std::vector<std::string>> values;             ///< of each of `categories`
  std::vector<bool> may_miss;                               ///< has the column a code for missing values?
  std::string target, positive;
  bool is_label = false;
  std::vector<std::string> classes;
};

nlohmann::json to_json(const Plan& plan) {
  return {{"numeric", plan.numeric},   {"with_gaps", plan.with_gaps}, {"categories", plan.categories},
          {"values", plan.values},     {"may_miss", plan.may_miss},   {"target", plan.target},
          {"positive", plan.positive}, {"is_label", plan.is_label},   {"classes", plan.classes}};
}

Plan plan_of(const nlohmann::json& json) {
  Plan plan;
  json.at("numeric").get_to(plan.numeric);
  json.at("with_gaps").get_to(plan.with_gaps);
  json.at("categories").get_to(plan.categories);
  json.at("values").get_to(plan.values);
  json.at("may_miss").get_to(plan.may_miss);
  json.at("target").get_to(plan.target);
  json.at("positive").get_to(plan.positive);
  json.at("is_label").get_to(plan.is_label);
  json.at("classes").get_to(plan.classes);
  return plan;
}

std::int64_t gaps_of(const TableColumn& column) {
  return column.kind == ColumnKind::numeric
             ? std::ranges::count_if(column.numbers, [](double value) { return std::isnan(value); })
             : std::ranges::count(column.codes, kMissingCode);
}

const TableColumn& target_of(const Table& table, const DataOptions& options) {
  std::vector<std::string> names;
  for (const TableColumn& column : table.columns) names.push_back(printable(column.name));
  if (options.target.empty()) {
    throw Error(fmt::format("{}: --target says which column is predicted: {}", table.file, fmt::join(names, ", ")));
  }
  const TableColumn* const column = table.find(options.target);
  if (column != nullptr) return *column;
  throw Error(fmt::format("{}: --target {}: there is no such column{}", table.file, printable(options.target),
                          suggest(options.target, names)));
}

/// `-1.5`, as a class's name.
std::string text_of(double number) { return fmt::format("{}", number); }

void plan_target(const TableColumn& column, const DataOptions& options, Plan& plan) {
  plan.target = column.name;
  plan.positive = options.positive;
  plan.is_label = column.kind == ColumnKind::category || !options.positive.empty();
  if (!plan.is_label) return;
  if (column.kind == ColumnKind::category) {
    const std::set<std::int32_t> used(column.codes.begin(), column.codes.end());
    for (std::size_t code = 0; code < column.categories.size(); ++code)
      if (used.contains(static_cast<std::int32_t>(code))) plan.classes.push_back(column.categories[code]);
  } else {
    std::set<double> numbers;
    for (const double number : column.numbers)
      if (!std::isnan(number)) numbers.insert(number);
    for (const double number : numbers) plan.classes.push_back(text_of(number));
  }
  if (plan.positive.empty()) return;
  if (std::ranges::find(plan.classes, plan.positive) == plan.classes.end()) {
    throw Error(fmt::format("--positive {}: column {} has no such value{}", printable(plan.positive),
                            printable(column.name), suggest(plan.positive, plan.classes)));
  }
  const bool two = plan.classes.size() == 2;
  std::erase(plan.classes, plan.positive);
  plan.classes = {two ? plan.classes.front() : "not " + plan.positive, plan.positive};
}

/// From a table that a model is trained on.
Plan plan_for(const Table& table, const DataOptions& options, std::vector<std::string>& notes) {
  Plan plan;
  const TableColumn& target = target_of(table, options);
  plan_target(target, options, plan);
  const bool is_series = options.window > 0;
  for (const TableColumn& column : table.columns) {
    if (&column == &target && !(is_series && !plan.is_label)) continue;
    const std::int64_t gaps = gaps_of(column);
    if (gaps == table.rows) {
      notes.push_back(fmt::format("column {} is left out: nothing is in it", printable(column.name)));
    } else if (column.kind == ColumnKind::numeric) {
      plan.numeric.push_back(column.name);
      if (gaps > 0 && !is_series) plan.with_gaps.push_back(column.name);
    } else if (is_series) {
      notes.push_back(
          fmt::format("column {} is left out: it has categories, and a series takes numbers", printable(column.name)));
    } else {
      plan.categories.push_back(column.name);
      plan.values.push_back(column.categories);
      plan.may_miss.push_back(gaps > 0);
    }
  }
  return plan;
}

/// Fills rows out of one table after another.
class Filler {
 public:
  explicit Filler(const Plan& plan) : plan_(plan) {
    rows_.features = static_cast<std::int64_t>(plan.numeric.size() + plan.with_gaps.size());
    rows_.width = rows_.stride = rows_.features;
    rows_.code_columns = static_cast<std::int64_t>(plan.categories.size());
    for (std::size_t i = 0; i < plan.classes.size(); ++i) class_codes_[plan.classes[i]] = static_cast<std::int64_t>(i);
  }

  void add(const Table& table, bool may_lack_target) {
    add_numbers(table);
    add_codes(table);
    add_target(table, may_lack_target);
    rows_.count += table.rows;
  }

  Rows take() { return std::move(rows_); }

 private:
  void add_numbers(const Table& table) {
    std::vector<const TableColumn*> columns, gaps;
    for (const std::string& name : plan_.numeric) columns.push_back(&of_kind(table, name, ColumnKind::numeric));
    for (const std::string& name : plan_.with_gaps) gaps.push_back(&table.column(name));
    rows_.values.reserve(rows_.values.size() + static_cast<std::size_t>(table.rows * rows_.features));
    for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows); ++row) {
      for (const TableColumn* column : columns) rows_.values.push_back(column->numbers[row]);
      for (const TableColumn* column : gaps) rows_.values.push_back(std::isnan(column->numbers[row]) ? 1 : 0);
    }
  }

  void add_codes(const Table& table) {
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

  void add_target(const Table& table, bool may_lack_target) {
    const TableColumn* const column = table.find(plan_.target);
    if (column == nullptr && may_lack_target) {
      const auto rows = static_cast<std::size_t>(table.rows);
      if (plan_.is_label) {
        rows_.labels.resize(rows_.labels.size() + rows);
      } else {
        rows_.numbers.resize(rows_.numbers.size() + rows);
      }
      return;
    }
    const TableColumn& target = table.column(plan_.target);
    for (std::int64_t row = 0; row < table.rows; ++row) {
      const std::optional<std::string> text = text_in(target, static_cast<std::size_t>(row));
      if (!text && !may_lack_target) {
        throw Error(fmt::format("{}: the target {} is missing; remove the row, or fill it", table.place(row),
                                printable(plan_.target)));
      }
      if (plan_.is_label) {
        rows_.labels.push_back(text ? class_of(*text, table, row) : 0);
      } else {
        rows_.numbers.push_back(text ? number_in(target, table, row) : 0);
      }
    }
  }

  static std::optional<std::string> text_in(const TableColumn& column, std::size_t row) {
    if (column.kind == ColumnKind::numeric) {
      const double number = column.numbers[row];
      return std::isnan(number) ? std::nullopt : std::optional(text_of(number));
    }
    const std::int32_t code = column.codes[row];
    if (code == kUnseenCode) return "";
    return code < 0 ? std::nullopt : std::optional(column.categories[static_cast<std::size_t>(code)]);
  }

  double number_in(const TableColumn& column, const Table& table, std::int64_t row) const {
    if (column.kind == ColumnKind::numeric) return column.numbers[static_cast<std::size_t>(row)];
    throw Error(fmt::format("{}: the target {} is no number here, as it is in the training data", table.place(row),
                            printable(plan_.target)));
  }

  std::int64_t class_of(const std::string& text, const Table& table, std::int64_t row) const {
    if (!plan_.positive.empty()) return text == plan_.positive ? 1 : 0;
    const auto found = class_codes_.find(text);
    if (found != class_codes_.end()) return found->second;
    throw Error(
        fmt::format("{}: the class '{}' of {} is not among those of the training data: {}", table.place(row),
                    printable(text), printable(plan_.target),
                    fmt::join(plan_.classes.begin(),
                              plan_.classes.begin() + std::min<std::ptrdiff_t>(std::ssize(plan_.classes), 10), ", ")));
  }

  static const TableColumn& of_kind(const Table& table, const std::string& name, ColumnKind kind) {
    const TableColumn& column = table.column(name);
    if (column.kind == kind) return column;
    throw Error(fmt::format("{}: column {} has {} here and {} in the training data; --column {}=… reads both alike",
                            table.file, printable(name), kind == ColumnKind::numeric ? "categories" : "numbers",
                            kind == ColumnKind::numeric ? "numbers" : "categories", printable(name)));
  }

  const Plan& plan_;
  std::map<std::string, std::int64_t> class_codes_;
  Rows rows_;
};

/// Rows that follow each other become windows, whose target stands `horizon` behind the last.
void make_windows(Rows& rows, const DataOptions& options, const std::string& file) {
  const std::int64_t first_target = options.window - 1 + options.horizon;
  if (rows.count <= first_target) {
    throw Error(fmt::format("{}: {} rows are too few for --window {} and --horizon {}: they take {}", file, rows.count,
                            options.window, options.horizon, first_target + 1));
  }
  rows.count -= first_target;
  rows.width = options.window * rows.features;
  const auto shift = [&](auto& targets) {
    if (!targets.empty()) targets.erase(targets.begin(), targets.begin() + first_target);
  };
  shift(rows.labels);
  shift(rows.numbers);
}

std::vector<Input> inputs_of(const Plan& plan, const Rows& rows, const DataOptions& options) {
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

void check_classes(const Plan& plan, const std::string& file) {
  const auto count = std::ssize(plan.classes);
  if (count >= 2 && count <= kMostClasses) return;
  throw Error(
      fmt::format("{}: the target {} has {} class{}; expected 2 to {}{}", file, printable(plan.target), count,
                  count == 1 ? "" : "es", kMostClasses,
                  count > 2 ? fmt::format("; if it is a number: --column {}=numeric", printable(plan.target)) : ""));
}

}  // namespace

Dataset table_dataset(const Table& table, const DataOptions& options, const Table* test) {
  Dataset dataset;
  dataset.notes = table.warnings;
  const bool is_again = !options.schema.is_null();
  const Plan plan = is_again ? plan_of(options.schema) : plan_for(table, options, dataset.notes);
  if (plan.is_label) check_classes(plan, table.file);
  if (plan.numeric.empty() && plan.categories.empty()) {
    throw Error(fmt::format("{}: there is no column beside the target {} to predict it by", table.file,
                            printable(plan.target)));
  }
  Filler filler(plan);
  filler.add(table, !options.needs_target);
  if (test != nullptr) filler.add(*test, false);
  Rows rows = filler.take();
  if (options.window > 0) make_windows(rows, options, table.file);

  dataset.inputs = inputs_of(plan, rows, options);
  dataset.target.kind = plan.is_label ? TargetKind::label : TargetKind::number;
  dataset.target.name = plan.target;
  dataset.target.class_names = plan.classes;
  dataset.target.classes = std::ssize(plan.classes);
  dataset.in_order = options.window > 0;
  dataset.schema = to_json(plan);
  const std::int64_t test_rows = test == nullptr ? 0 : test->rows;
  dataset.fingerprint = fingerprint_of(rows, test_rows);
  std::vector<std::int64_t> all(static_cast<std::size_t>(rows.count));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  dataset.examples = row_examples(std::move(rows));
  if (is_again) {
    dataset.test = std::move(all);
  } else if (test != nullptr) {
    dataset.train.assign(all.begin(), all.end() - test_rows);
    dataset.test.assign(all.end() - test_rows, all.end());
  } else {
    divide(dataset, std::move(all), options);
  }
  return dataset;
}

}  // namespace thalweg::lab
