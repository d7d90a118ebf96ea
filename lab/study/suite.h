// Suite: several comparisons that belong together, known by a name.
#pragma once

#include "study/compare_config.h"

#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// One comparison of a suite.
struct SuitePart {
  std::string name;      ///< its folder in that of the suite: lower case letters, digits, hyphens
  std::string question;  ///< what it answers, for people
  CompareConfig config;  ///< as `thalweg compare` would have it before it opens the data
};

struct Suite {
  std::string name;   ///< as the command takes it
  std::string about;  ///< a sentence
  std::vector<SuitePart> parts;
};

/// Those that there are.
std::vector<std::string> suite_names();

/// With `quick`, each part is so small that it shows only that all works: few examples, epochs, rates and seeds. Throws
/// thalweg::Error for another name, with the nearest.
Suite make_suite(std::string_view name, bool quick);

}  // namespace thalweg::lab
