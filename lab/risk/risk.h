// RiskReview: how good probabilities of two classes are, and what decisions by them cost.
#pragma once

#include "risk/calibration.h"
#include "risk/costs.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// What decisions cost, on examples that the threshold was not chosen on.
struct CostReview {
  Costs costs{};
  Decided chosen{};  ///< by the threshold that was cheapest on the validation part …
  /// … where it cost so much, which is too little, since it was chosen there.
  double validation_cost = 0;
  std::int64_t validation_examples = 0;
  Decided theoretical{}, half{};  ///< by the threshold Costs::threshold, and by .5

  /// A mean over the examples of taking all for positive, and none.
  double cost_of_all() const;
  double cost_of_none() const;
  bool operator==(const CostReview&) const = default;
};

/// Of the examples of a test part.
struct RiskReview {
  std::string positive{};  ///< the class that is to be found
  std::int64_t examples = 0, positives = 0;
  std::optional<double> auc{};           ///< absent where there is one class alone
  std::optional<double> auc_variance{};  ///< DeLong's; absent for few examples of a class
  double log_loss = 0, brier = 0;        ///< risk/calibration.h has their meaning
  std::optional<double> brier_skill{};   ///< absent where there is one class alone
  double mean_probability = 0;           ///< of being positive
  std::vector<CalibrationBin> curve{};   ///< calibration
  std::optional<CostReview> cost{};      ///< where costs were given
  /// The probabilities of being positive, of positives and of others, ascending: of all, or evenly out of them,
  /// kMostScores at most in both together. Rounded to six digits.
  std::vector<double> of_positives{}, of_negatives{};

  /// At 95 %, where there is one (risk/auc_interval.h).
  std::optional<Interval> auc_interval() const;
  double calibration_error() const { return expected_calibration_error(curve); }
  bool has_all_scores() const;
  bool operator==(const RiskReview&) const = default;
};

constexpr std::int64_t kMostScores = 5000;

/// Without costs.
RiskReview review_risk(const Scored& scored, std::string positive);

/// What decisions on these examples cost, by the threshold that was cheapest on a validation part.
CostReview review_costs(const Scored& scored, const Costs& costs, const Decided& validation);
/// The same by the threshold of an earlier review.
CostReview review_costs(const Scored& scored, const CostReview& earlier);

/// Examples as they were kept.
Scored kept_scores(const RiskReview& review);

/// As stores keep it; read by from_json, which throws as nlohmann-json does, or thalweg::Error for numbers that cannot
/// be.
void to_json(nlohmann::json& json, const RiskReview& review);
void from_json(const nlohmann::json& json, RiskReview& review);

/// For programs: the measures, without the examples.
nlohmann::json measures_json(const RiskReview& review);

/// For a terminal: a line each.
std::vector<std::string> risk_lines(const RiskReview& review);

}  // namespace thalweg::lab
