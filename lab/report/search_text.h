// What a search found, for a terminal.
#pragma once

#include "report/search.h"

#include <cstddef>
#include <string>

namespace thalweg::lab {

/// The best trials as a table, how the others ended, and how much each parameter matters. `width`: of the terminal.
std::string search_text(const Search& search, std::size_t width);

}  // namespace thalweg::lab
