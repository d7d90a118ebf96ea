// Drift: which columns of a table are distributed otherwise in the test part than in the training part.
#pragma once

#include "data/dataset.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// One column in both parts.
struct ColumnDrift {
  std::string column;
  bool is_target = false;
  std::string test;      ///< by which its values were compared: `ks` or `chi_square` (risk/two_samples.h)
  double statistic = 0;  ///< that test's
  double p = 1;          ///< of its values, for all columns together (Holm)
  double index = 0;      ///< population stability index: of categories, or of bins between the training part's deciles
  double missing_training = 0, missing_test = 0;  ///< shares of examples
  double missing_p = 1;                           ///< of these, likewise
  double unknown_test = 0;  ///< share of test examples with a category that the training part does not have …
  std::vector<std::string> unknown{};  ///< … and some of these, where they are known by name

  bool differs() const { return p < kDriftLevel || missing_p < kDriftLevel; }
  static constexpr double kDriftLevel = 0.05;
  bool operator==(const ColumnDrift&) const = default;
};

/// All columns, those that differ first, then in the table's order.
struct Drift {
  std::int64_t training = 0, test = 0;  ///< examples that were compared, evenly chosen, kMostDriftExamples a part
  std::vector<ColumnDrift> columns{};

  bool operator==(const Drift&) const = default;
};

constexpr std::int64_t kMostDriftExamples = 20'000;
constexpr std::size_t kMostDriftColumns = 1000;

/// Of data that are tables, and no series; nothing of others, of more columns, and where a part is empty. Numbers of at
/// most ten distinct values are compared as categories are.
std::optional<Drift> drift_of(const Dataset& dataset, std::span<const std::int64_t> training,
                              std::span<const std::int64_t> test);

void to_json(nlohmann::json& json, const Drift& drift);
/// Throws as nlohmann-json does, or thalweg::Error for numbers that cannot be.
void from_json(const nlohmann::json& json, Drift& drift);

/// What differs, in words: `values`, `missing`, `values and missing`; empty where nothing does.
std::string difference_words(const ColumnDrift& column);
/// A line for people: which columns differ, or that none does.
std::string drift_line(const Drift& drift);

}  // namespace thalweg::lab
