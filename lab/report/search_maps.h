// Maps of a search: all parameters of each trial at once, and two at a time.
#pragma once

#include "report/search.h"

#include <string>

namespace thalweg::lab {

bool has_coordinates(const Search& search);
/// A line for each trial across all parameters and its value.
std::string coordinates_html(const Search& search, nlohmann::json& pages);

bool has_pairs_of_numbers(const Search& search);
/// Cells of two numeric parameters, shaded by the median value of their trials; of the most important pairs.
std::string contours_html(const Search& search, nlohmann::json& pages);

}  // namespace thalweg::lab
