// A summary's part of the page: the answer, and the list of sections that follow it.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <string>

namespace thalweg::lab {

/// One summary as a `<section>`, with its charts added to `charts`.
std::string summary_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
