// What models predict on the test part: a report's part, by the kind of task.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <string>

namespace thalweg::lab {

/// Of classes: confusion matrix, scores by class and the worst examples; of numbers: predictions against truth and
/// residuals; of texts: what the model writes. Of a single run as it is, of a comparison for each competitor all its
/// runs together, to be opened. Empty where no run has been reviewed.
std::string predictions_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
