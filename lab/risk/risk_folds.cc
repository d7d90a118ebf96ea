// RiskFolds: folds taken together.
#include "risk/risk_folds.h"

#include "risk/auc_interval.h"

#include <fmt/format.h>

namespace thalweg::lab {
namespace {

void add(Decided& sum, const Decided& decided) {
  sum.threshold += decided.threshold;  // until all are there
  sum.true_positives += decided.true_positives;
  sum.false_positives += decided.false_positives;
  sum.false_negatives += decided.false_negatives;
  sum.true_negatives += decided.true_negatives;
}

std::optional<CostReview> costs_of(std::span<const RiskReview* const> folds) {
  CostReview sum;
  double validation = 0;
  for (const RiskReview* fold : folds) {
    if (!fold->cost) return std::nullopt;
    sum.costs = fold->cost->costs;
    add(sum.chosen, fold->cost->chosen);
    add(sum.theoretical, fold->cost->theoretical);
    add(sum.half, fold->cost->half);
    validation += fold->cost->validation_cost * static_cast<double>(fold->cost->validation_examples);
    sum.validation_examples += fold->cost->validation_examples;
  }
  sum.validation_cost = validation / static_cast<double>(std::max<std::int64_t>(sum.validation_examples, 1));
  for (Decided* each : {&sum.chosen, &sum.theoretical, &sum.half}) each->threshold /= static_cast<double>(folds.size());
  return sum;
}

}  // namespace

std::optional<RiskFolds> risk_over_folds(std::span<const RiskReview* const> folds) {
  if (folds.size() < 2) return std::nullopt;
  RiskFolds together;
  Scored all;
  double variances = 0;
  bool has_variances = true;
  for (const RiskReview* fold : folds) {
    if (!fold->has_all_scores() || !fold->auc) return std::nullopt;
    together.areas.push_back(*fold->auc);
    has_variances = has_variances && fold->auc_variance.has_value();
    variances += fold->auc_variance.value_or(0);
    const Scored own = kept_scores(*fold);
    all.probabilities.insert(all.probabilities.end(), own.probabilities.begin(), own.probabilities.end());
    all.positive.insert(all.positive.end(), own.positive.begin(), own.positive.end());
  }
  const auto count = static_cast<double>(folds.size());
  if (has_variances)
    together.interval = AreaEstimate{.area = together.mean_area(), .variance = variances / (count * count)}.interval();
  together.pooled = review_risk(all, folds.front()->positive);
  together.pooled.auc_variance.reset();  // models of several folds ranked the examples
  together.cost = costs_of(folds);
  return together;
}

nlohmann::json measures_json(const RiskFolds& folds) {
  nlohmann::json pooled = measures_json([&] {
    RiskReview review = folds.pooled;
    review.cost = folds.cost;
    return review;
  }());
  return {
      {"auc", folds.areas},
      {"auc_mean", folds.mean_area()},
      {"auc_sd", sample_sd(folds.areas)},
      {"auc_interval", folds.interval ? nlohmann::json{folds.interval->low, folds.interval->high} : nlohmann::json()},
      {"pooled", pooled}};
}

std::vector<std::string> risk_lines(const RiskFolds& folds) {
  RiskReview review = folds.pooled;
  review.cost = folds.cost;
  std::vector<std::string> lines = risk_lines(review);
  lines.front() =
      fmt::format("AUC {:.4f} ± {:.4f} over {} folds", folds.mean_area(), sample_sd(folds.areas), folds.areas.size());
  if (folds.interval)
    lines.front() += fmt::format("; of these models on new examples: 95 % interval {:.4f} to {:.4f}",
                                 folds.interval->low, folds.interval->high);
  lines.insert(lines.begin() + 1, fmt::format("all {} examples, each by the fold that it tested: AUC {:.4f}",
                                              review.examples, review.auc.value_or(0)));
  return lines;
}

}  // namespace thalweg::lab
