// Sections of what the tuning trials tell.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <string>

namespace thalweg::lab {

/// Have learning rates been tried?
bool has_tuning(const Summary& summary);
/// How good each learning rate was.
std::string learning_rates_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
