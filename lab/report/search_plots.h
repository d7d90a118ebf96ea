// Plots of a search's values: over time, and against each parameter.
#pragma once

#include "page/figures.h"
#include "report/search.h"

#include <string>

namespace thalweg::lab {

bool has_several(const Search& search);
/// Each trial's value by its number, and the best so far.
std::string history_html(const Search& search, nlohmann::json& pages);

bool has_shares(const Search& search);
/// How much of the differences each parameter explains.
std::string importance_html(const Search& search, nlohmann::json& pages);

/// Each trial's value against each parameter.
std::string slices_html(const Search& search, nlohmann::json& pages);

}  // namespace thalweg::lab
