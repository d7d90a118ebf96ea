// Test functions with known optima, for samplers of a search; bench/search_peer.py has the same ones.
#pragma once

#include "search/space.h"

#include <string>
#include <vector>

namespace thalweg::bench {

struct SearchFunction {
  std::string name;
  std::vector<std::string> ranges;  ///< as parse_space reads them
  double optimum;                   ///< the least value in these ranges
  double (*value)(const nlohmann::json& parameters);
};

/// Those that are measured, then those that samplers were designed on.
const std::vector<SearchFunction>& search_functions();

}  // namespace thalweg::bench
