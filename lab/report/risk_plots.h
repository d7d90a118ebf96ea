// Plots of two classes: ROC, calibration, cost by threshold. Each has its numbers as a table beside.
#pragma once

#include "risk/risk.h"

#include <string>

namespace thalweg::lab {

/// Figures, one behind the other. `own_thresholds`: the decisions in it are by several thresholds, so that the chosen
/// one is no point of the curve.
std::string risk_plots(const RiskReview& review, bool own_thresholds);

}  // namespace thalweg::lab
