// Effects of columns: a model is evaluated on examples of which one column is shuffled.
#pragma once

#include "data/dataset.h"
#include "models/model.h"
#include "risk/column_effect.h"
#include "tasks/objective.h"

#include <cstdint>
#include <optional>
#include <span>

namespace thalweg::lab {

constexpr std::int64_t kShuffles = 5;            ///< of each column
constexpr std::int64_t kMostColumns = 200;       ///< of more no effects are measured
constexpr std::int64_t kMostShuffled = 300'000;  ///< examples that are evaluated for all of it …
constexpr std::int64_t kLeastShuffled = 100;     ///< … but of each shuffle at least so many, or all there are

/// Of a table's columns; a column that says where a number is missing goes with that number. `seed` draws the shuffles,
/// and nothing else does. Nothing where the inputs are no table's, and where there are fewer than two examples.
std::optional<ColumnEffects> column_effects(Model& model, const Objective& objective, const Dataset& dataset,
                                            std::span<const std::int64_t> examples, const Scaling& scaling,
                                            std::uint64_t seed);

}  // namespace thalweg::lab
