// What a review of two classes and of tables tells beside predictions: risk, effects of columns, drift.
#pragma once

#include "data/dataset.h"
#include "models/model.h"
#include "risk/costs.h"
#include "tasks/objective.h"
#include "training/config.h"
#include "training/review.h"
#include "training/split.h"

#include <optional>

namespace thalweg::lab {

/// Are there two classes, of which the second is the positive one?
bool has_two_classes(const Target& target);

/// Throws thalweg::Error for costs where the target has not two classes.
void check_costs(const TrainingConfig& config, const Dataset& dataset);

/// The decision that is cheapest on these examples; nothing without costs or examples.
std::optional<Decided> cheapest_decision(Model& model, const Objective& objective, const Dataset& dataset,
                                         std::span<const std::int64_t> examples, const Scaling& scaling,
                                         const std::optional<Costs>& costs);

/// Adds them to the review of the test part, whose tally has its scores. The threshold is chosen on the validation
/// part.
void add_risk(Model& model, const Objective& objective, const Dataset& dataset, const Split& split,
              const Scaling& scaling, const TrainingConfig& config, const Tally& test, Review& review);

}  // namespace thalweg::lab
