// RiskReview: made of scored examples.
#include "risk/risk.h"

#include "risk/auc_interval.h"
#include "tasks/auc.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace thalweg::lab {
namespace {

/// Evenly out of all, the least and the greatest among them; ascending, rounded.
std::vector<double> evenly(std::vector<double> values, std::int64_t most) {
  std::ranges::sort(values);
  const auto size = std::ssize(values);
  std::vector<double> kept;
  for (std::int64_t i = 0; i < std::min(size, most); ++i) {
    const std::int64_t place = size <= most ? i : i * (size - 1) / std::max<std::int64_t>(most - 1, 1);
    kept.push_back(std::round(values[static_cast<std::size_t>(place)] * 1e6) / 1e6);
  }
  return kept;
}

double share_of(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

}  // namespace

double CostReview::cost_of_all() const {
  return share_of(chosen.false_positives + chosen.true_negatives, chosen.size()) * costs.false_positive;
}

double CostReview::cost_of_none() const {
  return share_of(chosen.true_positives + chosen.false_negatives, chosen.size()) * costs.false_negative;
}

std::optional<Interval> RiskReview::auc_interval() const {
  if (!auc || !auc_variance) return std::nullopt;
  return AreaEstimate{.area = *auc, .variance = *auc_variance}.interval();
}

bool RiskReview::has_all_scores() const { return std::ssize(of_positives) + std::ssize(of_negatives) == examples; }

RiskReview review_risk(const Scored& scored, std::string positive) {
  RiskReview review{.positive = std::move(positive), .examples = scored.size(), .positives = scored.positives()};
  if (const std::optional<AreaEstimate> estimate = area_estimate(scored.probabilities, scored.positive)) {
    review.auc = estimate->area;
    review.auc_variance = estimate->variance;
  } else {
    const std::vector<float> scores(scored.probabilities.begin(), scored.probabilities.end());
    review.auc = area_under_curve(scores, scored.positive);
  }
  review.log_loss = log_loss(scored);
  review.brier = brier_score(scored);
  review.brier_skill = brier_skill(scored);
  review.curve = calibration_curve(scored);
  std::vector<double> positives, negatives;
  for (std::size_t i = 0; i < scored.probabilities.size(); ++i) {
    (scored.positive[i] != 0 ? positives : negatives).push_back(scored.probabilities[i]);
    review.mean_probability += scored.probabilities[i];
  }
  review.mean_probability /= static_cast<double>(std::max<std::int64_t>(review.examples, 1));
  // Of each class its share of what may be kept.
  std::int64_t most = review.examples;
  std::int64_t most_positives = review.positives;
  if (review.examples > kMostScores) {
    most = kMostScores;
    most_positives =
        std::clamp<std::int64_t>(std::llround(share_of(review.positives, review.examples) * static_cast<double>(most)),
                                 std::min<std::int64_t>(review.positives, 2),
                                 most - std::min<std::int64_t>(review.examples - review.positives, 2));
  }
  review.of_positives = evenly(std::move(positives), most_positives);
  review.of_negatives = evenly(std::move(negatives), most - most_positives);
  return review;
}

CostReview review_costs(const Scored& scored, const Costs& costs, const Decided& validation) {
  return {.costs = costs,
          .chosen = decide(scored, validation.threshold),
          .validation_cost = validation.cost(costs),
          .validation_examples = validation.size(),
          .theoretical = decide(scored, costs.threshold()),
          .half = decide(scored, 0.5)};
}

CostReview review_costs(const Scored& scored, const CostReview& earlier) {
  CostReview costs = review_costs(scored, earlier.costs, earlier.chosen);
  costs.validation_cost = earlier.validation_cost;
  costs.validation_examples = earlier.validation_examples;
  return costs;
}

Scored kept_scores(const RiskReview& review) {
  Scored scored{.probabilities = review.of_positives, .positive = std::vector<char>(review.of_positives.size(), 1)};
  scored.probabilities.insert(scored.probabilities.end(), review.of_negatives.begin(), review.of_negatives.end());
  scored.positive.resize(scored.probabilities.size(), 0);
  return scored;
}

}  // namespace thalweg::lab
