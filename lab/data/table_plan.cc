// TablePlan: columns, classes, and what is worth a note.
#include "data/table_plan.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>

namespace thalweg::lab {
namespace {

constexpr std::size_t kMostShown = 10;

/// The nearest of the names; all of them only where that stays readable.
std::string nearest(const std::string& unknown, const std::vector<std::string>& names) {
  const std::string text = suggest(unknown, names);
  const bool lists_all = text.find("known:") != std::string::npos;
  return lists_all && names.size() > kMostShown ? fmt::format("; there are {}", listed(names)) : text;
}

std::vector<std::string> names_of(const DataTable& table) {
  std::vector<std::string> names;
  for (const TableColumn& column : table.columns) names.push_back(printable(column.name));
  return names;
}

const TableColumn& target_of(const DataTable& table, const DataOptions& options) {
  if (options.target.empty()) {
    throw Error(fmt::format("{}: --target says which column is predicted: {}", table.file, listed(names_of(table))));
  }
  const TableColumn* const column = table.find(options.target);
  if (column != nullptr) return *column;
  if (std::ranges::find(options.columns, options.target + "=ignore") != options.columns.end()) {
    throw Error(fmt::format("{}: --target {}: --column {}=ignore leaves this column out", table.file,
                            printable(options.target), printable(options.target)));
  }
  throw Error(fmt::format("{}: --target {}: there is no such column{}", table.file, printable(options.target),
                          nearest(options.target, names_of(table))));
}

std::set<double> distinct_numbers(const TableColumn& column) {
  std::set<double> numbers;
  for (const double number : column.numbers)
    if (!std::isnan(number)) numbers.insert(number);
  return numbers;
}

/// The classes that are there.
std::vector<std::string> classes_of(const TableColumn& column) {
  std::vector<std::string> classes;
  if (column.kind == ColumnKind::numeric) {
    for (const double number : distinct_numbers(column)) classes.push_back(class_text(number));
    return classes;
  }
  const std::set<std::int32_t> used(column.codes.begin(), column.codes.end());
  for (std::size_t code = 0; code < column.categories.size(); ++code)
    if (used.contains(static_cast<std::int32_t>(code))) classes.push_back(column.categories[code]);
  return classes;
}

void plan_target(const DataTable& table, const TableColumn& column, const DataOptions& options, TablePlan& plan) {
  plan.target = column.name;
  plan.positive = options.positive;
  plan.target_is_numeric = column.kind == ColumnKind::numeric;
  plan.is_label = !plan.target_is_numeric || !options.positive.empty();
  if (gaps_of(column) == table.rows) {
    throw Error(fmt::format("{}: the target {} is missing in every row", table.file, printable(column.name)));
  }
  if (!plan.is_label) return;
  plan.classes = classes_of(column);
  const auto count = std::ssize(plan.classes);
  if (plan.positive.empty()) {
    if (count >= 2 && count <= kMostClasses) return;
    throw Error(
        fmt::format("{}: the target {} has {} class{}; expected 2 to {}{}", table.file, printable(column.name), count,
                    count == 1 ? fmt::format(", '{}'", printable(plan.classes.front())) : "es", kMostClasses,
                    count > 2 ? fmt::format("; if it is a number: --column {}=numeric", printable(plan.target)) : ""));
  }
  if (std::ranges::find(plan.classes, plan.positive) == plan.classes.end()) {
    throw Error(fmt::format("{}: --positive {}: the target {} has no such value{}", table.file,
                            printable(plan.positive), printable(column.name), nearest(plan.positive, plan.classes)));
  }
  if (count < 2) {
    throw Error(fmt::format("{}: --positive {}: the target {} has no other value, so there is nothing to tell apart",
                            table.file, printable(plan.positive), printable(column.name)));
  }
  plan.is_one_against_rest = count > 2;
  std::erase(plan.classes, plan.positive);
  plan.classes = {plan.is_one_against_rest ? "not " + plan.positive : plan.classes.front(), plan.positive};
}

/// Says that numbers which are a few whole ones could be classes.
void note_whole_target(const TableColumn& column, std::vector<std::string>& notes) {
  std::set<double> numbers;
  for (const double number : column.numbers) {
    if (std::isnan(number)) continue;
    if (number != std::floor(number)) return;
    numbers.insert(number);
    if (numbers.size() > kMostShown) return;
  }
  std::vector<std::string> texts;
  for (const double number : numbers) texts.push_back(class_text(number));
  notes.push_back(
      fmt::format("the target {} is read as a number and has the value{} {} alone; if they are classes: --column "
                  "{}=category",
                  printable(column.name), texts.size() == 1 ? "" : "s", listed(texts), printable(column.name)));
}

}  // namespace

std::string class_text(double number) { return fmt::format("{}", number); }

std::int64_t gaps_of(const TableColumn& column) {
  return column.kind == ColumnKind::numeric
             ? std::ranges::count_if(column.numbers, [](double value) { return std::isnan(value); })
             : std::ranges::count(column.codes, kMissingCode);
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostShown); ++i)
    text += (i == 0 ? "" : ", ") + printable(names[i]);
  return names.size() > kMostShown ? fmt::format("{}, … ({} in all)", text, names.size()) : text;
}

TablePlan plan_for(const DataTable& table, const DataOptions& options, std::vector<std::string>& notes) {
  TablePlan plan;
  const TableColumn& target = target_of(table, options);
  plan_target(table, target, options, plan);
  const bool is_series = options.window > 0;
  if (!plan.is_label && !is_series) note_whole_target(target, notes);
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
  if (plan.numeric.empty() && plan.categories.empty()) {
    throw Error(fmt::format("{}: there is no {} beside the target {} to predict it by", table.file,
                            is_series ? "column of numbers" : "column", printable(plan.target)));
  }
  return plan;
}

nlohmann::json to_json(const TablePlan& plan) {
  return {{"numeric", plan.numeric},
          {"with_gaps", plan.with_gaps},
          {"categories", plan.categories},
          {"values", plan.values},
          {"may_miss", plan.may_miss},
          {"target", plan.target},
          {"positive", plan.positive},
          {"is_label", plan.is_label},
          {"target_is_numeric", plan.target_is_numeric},
          {"is_one_against_rest", plan.is_one_against_rest},
          {"classes", plan.classes}};
}

TablePlan table_plan_of(const nlohmann::json& schema) {
  TablePlan plan;
  schema.at("numeric").get_to(plan.numeric);
  schema.at("with_gaps").get_to(plan.with_gaps);
  schema.at("categories").get_to(plan.categories);
  schema.at("values").get_to(plan.values);
  schema.at("may_miss").get_to(plan.may_miss);
  schema.at("target").get_to(plan.target);
  schema.at("positive").get_to(plan.positive);
  schema.at("is_label").get_to(plan.is_label);
  schema.at("target_is_numeric").get_to(plan.target_is_numeric);
  schema.at("is_one_against_rest").get_to(plan.is_one_against_rest);
  schema.at("classes").get_to(plan.classes);
  return plan;
}

}  // namespace thalweg::lab
