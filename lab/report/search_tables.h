// A search's trials as a table, its rungs, and the learning curves of the best.
#pragma once

#include "report/search.h"

#include <string>

namespace thalweg::lab {

bool has_curves(const Search& search);
/// The metric by epoch of the best trials, and of those that were stopped early.
std::string best_curves_html(const Search& search, nlohmann::json& pages);

bool has_rungs(const Search& search);
/// How many trials went how far, of a search that stops most of them early.
std::string rungs_html(const Search& search, nlohmann::json& pages);

/// The best first, then what did not end.
std::string trials_html(const Search& search, nlohmann::json& pages);

}  // namespace thalweg::lab
