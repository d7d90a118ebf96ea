// Sections of what the tuning trials tell.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <string>

namespace thalweg::lab {

/// Have learning rates been tried?
bool has_tuning(const Summary& summary);
/// How good each learning rate was, and how wide the range of those is that are nearly as good as the best.
std::string learning_rates_html(const Summary& summary, Charts& charts);

/// Has each tuned optimizer enough settings for an expected best?
bool has_expected_best(const Summary& summary);
/// What tuning with fewer trials would have found.
std::string expected_best_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
