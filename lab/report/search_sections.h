// Sections: what a report shows of each search, in the order of the page.
#pragma once

#include "report/search.h"

#include <nlohmann/json.hpp>

#include <string>

namespace thalweg::lab {

/// One search as a `<section>`; what page.js draws of it is added to `pages`.
std::string search_html(const Search& search, nlohmann::json& pages);

}  // namespace thalweg::lab
