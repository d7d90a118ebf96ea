// Adds risk, effects of columns and drift to a review.
#include "training/risk_reviewer.h"

#include "training/column_effects.h"
#include "training/evaluate.h"

#include <thalweg/error.h>

#include <fmt/format.h>

namespace thalweg::lab {

bool has_two_classes(const Target& target) { return target.kind == TargetKind::label && target.classes == 2; }

void check_costs(const TrainingConfig& config, const Dataset& dataset) {
  if (config.cost.empty() || has_two_classes(dataset.target)) return;
  throw Error(fmt::format(
      "--cost {}: costs are of two classes; {} has {}{}", config.cost, dataset.name,
      dataset.target.kind == TargetKind::number ? "a number as its target" : fmt::format("{}", dataset.target.classes),
      dataset.target.kind == TargetKind::label ? "; --positive makes one of them the class that is to be found"
      : !dataset.target.name.empty() && dataset.target.task.empty()
          ? "; --positive VALUE makes a class of one of its values, as --positive 1 where they are 0 and 1"
          : ""));
}

std::optional<Decided> cheapest_decision(Model& model, const Objective& objective, const Dataset& dataset,
                                         std::span<const std::int64_t> examples, const Scaling& scaling,
                                         const std::optional<Costs>& costs) {
  if (!costs || examples.empty()) return std::nullopt;
  const Tally tally = evaluate(model, objective, dataset, examples, scaling);
  return cheapest(scored_of(tally.scores, tally.positive), *costs);
}

void add_risk(Model& model, const Objective& objective, const Dataset& dataset, const Split& split,
              const Scaling& scaling, const TrainingConfig& config, const Tally& test, Review& review) {
  if (has_two_classes(dataset.target)) {
    const Scored scored = scored_of(test.scores, test.positive);
    review.risk = review_risk(scored, dataset.target.names().back());
    const std::optional<Costs> costs = config.cost.empty() ? std::nullopt : std::optional(parse_costs(config.cost));
    if (const auto decided = cheapest_decision(model, objective, dataset, split.validation, scaling, costs)) {
      review.risk->cost = review_costs(scored, *costs, *decided);
      const std::int64_t positives = decided->true_positives + decided->false_negatives;
      if (positives == 0 || positives == decided->size())
        review.notes.push_back(
            fmt::format("the {} validation examples are of one class alone, so that the threshold "
                        "that was cheapest on them says nothing",
                        decided->size()));
    }
  }
  review.effects = column_effects(model, objective, dataset, split.test, scaling, config.seed);
  review.drift = drift_of(dataset, split.training, split.test);
}

}  // namespace thalweg::lab
