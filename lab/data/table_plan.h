// TablePlan: what a table's columns become: inputs, codes, a target.
#pragma once

#include "data/dataset.h"
#include "data/table.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace thalweg::lab {

/// What a data set is made of, in the table's order.
struct TablePlan {
  std::vector<std::string> numeric, with_gaps, categories;  ///< names of columns
  std::vector<std::vector<std::string>> values;             ///< of each of `categories`
  std::vector<bool> may_miss;                               ///< has the column a code for missing values?
  std::string target, positive;
  bool is_label = false;             ///< is the target a class?
  bool target_is_numeric = false;    ///< is its column one of numbers?
  bool is_one_against_rest = false;  ///< of more than two classes, `positive` against all others
  std::vector<std::string> classes;
};

/// From a table that a model is trained on; says in `notes` what a person should know. Throws thalweg::Error for a
/// target or positive class that is not there, for one class, more than kMostClasses, and for no column to predict by.
TablePlan plan_for(const DataTable& table, const DataOptions& options, std::vector<std::string>& notes);

/// Dataset::schema, and the plan of one.
nlohmann::json to_json(const TablePlan& plan);
TablePlan table_plan_of(const nlohmann::json& schema);

/// `-1.5`, as a class's name.
std::string class_text(double number);

/// How many values are missing.
std::int64_t gaps_of(const TableColumn& column);

/// `a, b, c` as messages show names: the first ten.
std::string listed(const std::vector<std::string>& names);

}  // namespace thalweg::lab
