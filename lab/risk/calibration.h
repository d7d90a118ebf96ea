// Calibration: do as many examples turn out positive as the probabilities say?
#pragma once

#include "risk/scored.h"
#include "study/statistics.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace thalweg::lab {

/// The mean of −log(probability of what is true), in nats; probabilities of 0 and 1 are taken 1e-15 apart from these.
/// Without class weights, other than a training's loss. 0 without examples.
double log_loss(const Scored& scored);

/// The mean of (probability − truth)², in [0, 1] (Brier 1950, for two classes); 0 without examples.
double brier_score(const Scored& scored);
/// 1 − Brier score / that of the share of positives said of every example: 1 is perfect, 0 knows the share alone, below
/// is worse. Nothing where all examples are of one class.
std::optional<double> brier_skill(const Scored& scored);

/// The interval of a share, `hits` of `count` > 0, at 95 % (Wilson 1927).
Interval wilson_interval(std::int64_t hits, std::int64_t count);

/// Examples whose probabilities lie next to each other.
struct CalibrationBin {
  std::int64_t examples = 0, positives = 0;
  double mean_probability = 0, least = 0, greatest = 0;

  double share() const { return static_cast<double>(positives) / static_cast<double>(examples); }
  Interval interval() const { return wilson_interval(positives, examples); }
  bool operator==(const CalibrationBin&) const = default;
};

/// Bins of about equally many examples, ascending; equal probabilities are in one. As many bins as hold kInBin examples
/// each, kMostBins at most, at least one.
std::vector<CalibrationBin> calibration_curve(const Scored& scored);
constexpr std::int64_t kMostBins = 10, kInBin = 20;

/// The mean over examples of |share − mean probability| of their bins (Naeini, Cooper and Hauskrecht 2015). It depends
/// on the bins, and is above 0 by chance alone: by about √(2 p (1 − p) / (π n)) with n examples a bin.
double expected_calibration_error(const std::vector<CalibrationBin>& bins);

}  // namespace thalweg::lab
