// Sections of what went wrong: what the study noted, what is not finished, what failed or diverged.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <string>

namespace thalweg::lab {

std::string notes_html(const Summary& summary, Charts& charts);
std::string failed_html(const Summary& summary, Charts& charts);
std::string diverged_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
