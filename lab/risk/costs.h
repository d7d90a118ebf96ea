// Costs of the two errors, and the thresholds that they ask for.
#pragma once

#include "risk/scored.h"

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

/// What an error costs, in units of one's own.
struct Costs {
  double false_negative = 1;  ///< a positive taken for negative: a loan granted that goes bad; above 0
  double false_positive = 1;  ///< a negative taken for positive: a loan refused that were good; above 0

  /// The threshold on the positive class's probability at which both decisions cost the same on average, if
  /// probabilities are right: FP / (FP + FN) (Elkan 2001, "The foundations of cost-sensitive learning", equation 2).
  double threshold() const { return false_positive / (false_positive + false_negative); }
  bool operator==(const Costs&) const = default;
};

/// Of a text FN:FP, as `5:1`. Throws thalweg::Error unless it is two numbers in (0, 1e9].
Costs parse_costs(const std::string& text);
/// `5:1`.
std::string to_string(const Costs& costs);

/// What comes of taking those for positive whose probability is at least a threshold.
struct Decided {
  double threshold = 0;
  std::int64_t true_positives = 0, false_positives = 0, false_negatives = 0, true_negatives = 0;

  std::int64_t size() const { return true_positives + false_positives + false_negatives + true_negatives; }
  /// A mean over the examples; 0 without any.
  double cost(const Costs& costs) const;
  bool operator==(const Decided&) const = default;
};
Decided decide(const Scored& scored, double threshold);

/// Every decision that a threshold can make of these examples, from all positive (threshold 0) to none: one for each
/// distinct probability, and one more. Ascending by threshold, which is, but for the first, half way between two
/// probabilities that follow each other; the last one is above the greatest.
std::vector<Decided> all_decisions(const Scored& scored);

/// The decision that costs least on these examples (Sheng and Ling 2006, "Thresholding for making classifiers
/// cost-sensitive"). Of equally cheap ones the nearest to Costs::threshold; where that makes the same decisions itself,
/// it is taken. Needs an example: throws thalweg::Error.
Decided cheapest(const Scored& scored, const Costs& costs);

}  // namespace thalweg::lab
