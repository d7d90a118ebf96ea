// A search's answer: the best configuration, what was searched, and what the best value does not say.
#pragma once

#include "report/search.h"

#include <string>

namespace thalweg::lab {

/// The heading of a search's page, as HTML.
std::string search_answer_html(const Search& search);

/// `3 epochs each`, `up to 20 epochs and 2 seeds each`: how long each complete trial was trained; plain text.
std::string budget_text(const TuneConfig& config);

/// What the page's title calls it, as HTML.
std::string search_title_html(const Search& search);

}  // namespace thalweg::lab
