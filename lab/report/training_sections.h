// Sections of how training went: curves, epochs, speed.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <string>

namespace thalweg::lab {

/// Of a single run: its curves, and a table of its epochs.
std::string run_html(const Summary& summary, Charts& charts);
/// Of a comparison: each optimizer's over its seeds.
std::string curves_html(const Summary& summary, Charts& charts);
/// How long each optimizer took, until the goal and at all.
std::string speed_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
