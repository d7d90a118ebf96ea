// Sections of results: every seed's value and means, and every pair of optimizers.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <string>

namespace thalweg::lab {

std::string results_html(const Summary& summary, Charts& charts);
std::string pairs_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
