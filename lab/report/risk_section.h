// A report's sections on two classes and on tables: risk, effects of columns, drift.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <string>

namespace thalweg::lab {

/// Do runs tell of probabilities of two classes; of effects of columns; of drift?
bool has_risk(const Summary& summary);
bool has_effects(const Summary& summary);
bool has_drift(const Summary& summary);

/// Measures, ROC and calibration curve, and where there are costs what each threshold costs: of one optimizer its run,
/// or its folds together; of several a table.
std::string risk_html(const Summary& summary, Charts& charts);
/// How much worse it is predicted where a column is shuffled: of each optimizer, over its runs.
std::string effects_html(const Summary& summary, Charts& charts);
/// Columns that are distributed otherwise in the test part.
std::string drift_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
