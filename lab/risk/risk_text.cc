// RiskReview for a terminal.
#include "risk/risk.h"

#include <fmt/format.h>

namespace thalweg::lab {
namespace {

std::string auc_text(const RiskReview& review) {
  if (!review.auc) return "AUC none (all are of one class)";
  const std::optional<Interval> interval = review.auc_interval();
  if (!interval) return fmt::format("AUC {:.4f}", *review.auc);
  return fmt::format("AUC {:.4f}, 95 % interval {:.4f} to {:.4f}", *review.auc, interval->low, interval->high);
}

std::string decision_text(const Decided& decided, const Costs& costs) {
  return fmt::format("{:.4f} at the threshold {:.4g}", decided.cost(costs), decided.threshold);
}

}  // namespace

std::vector<std::string> risk_lines(const RiskReview& review) {
  std::vector<std::string> lines{
      fmt::format("{} of {} are {}: {}", review.positives, review.examples, review.positive, auc_text(review)),
      fmt::format("log-loss {:.4f}  Brier score {:.4f}{}  calibration error {:.4f}", review.log_loss, review.brier,
                  review.brier_skill ? fmt::format(" (skill {:.4f})", *review.brier_skill) : "",
                  review.calibration_error())};
  if (!review.cost) return lines;
  const CostReview& cost = *review.cost;
  lines.push_back(fmt::format("cost an example ({}): {}, which was cheapest on {} validation examples; {}; {}",
                              to_string(cost.costs), decision_text(cost.chosen, cost.costs), cost.validation_examples,
                              decision_text(cost.theoretical, cost.costs), decision_text(cost.half, cost.costs)));
  lines.push_back(
      fmt::format("taking all for {0}: {1:.4f}; none: {2:.4f}. At the chosen threshold {3} of {4} are found, and {5} "
                  "others taken for {0}",
                  review.positive, cost.cost_of_all(), cost.cost_of_none(), cost.chosen.true_positives,
                  review.positives, cost.chosen.false_positives));
  return lines;
}

}  // namespace thalweg::lab
