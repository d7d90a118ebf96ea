// ColumnEffects: how much worse a model predicts where one column's values are shuffled among the examples.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Of one column.
struct ColumnEffect {
  std::string column;
  double mean = 0, sd = 0;  ///< over the shuffles: how much worse the metric got; below 0: it got better, by chance

  bool operator==(const ColumnEffect&) const = default;
};

/// Permutation importance (Breiman 2001, "Random forests"; Fisher, Rudin and Dominici 2019, model reliance as a
/// difference), on the test part. A column that says what another says too may have no effect of its own, since the
/// model can read the other; and shuffled values make examples that may never occur.
struct ColumnEffects {
  std::string metric{};                 ///< `auc` of two classes, else `loss`: an effect is its loss or its rise
  double unshuffled = 0;                ///< its value on these examples as they are
  std::int64_t examples = 0;            ///< of the test part, evenly chosen
  std::int64_t shuffles = 0;            ///< of each column
  std::vector<ColumnEffect> columns{};  ///< greatest mean first

  bool operator==(const ColumnEffects&) const = default;
};

void to_json(nlohmann::json& json, const ColumnEffects& effects);
/// Throws as nlohmann-json does, or thalweg::Error for numbers that cannot be.
void from_json(const nlohmann::json& json, ColumnEffects& effects);

/// For a terminal: the columns with the greatest effects, `most` at most, in one line; empty without columns.
std::string effects_line(const ColumnEffects& effects, std::size_t most = 5);

}  // namespace thalweg::lab
