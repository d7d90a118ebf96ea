// Inclusion: RMSprop with a large ε is SGD with momentum, so that two such competitors of a comparison check it.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <string>

namespace thalweg::lab {

/// Is RMSprop with momentum and a large ε compared with SGD of the same momentum, at rates that correspond or not?
bool has_inclusions(const Summary& summary);
/// Whether the results of each such pair agree, as they must at corresponding rates: where ε is far greater than √v,
/// RMSprop's θ ← θ − lr · b with b ← μ b + g / (√v + ε) is SGD's at the rate lr / ε (Choi et al. 2019, "On empirical
/// comparisons of optimizers for deep learning": the inclusion hierarchy).
std::string inclusions_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
