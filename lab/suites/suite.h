// Suite: several comparisons that belong together, known by a name.
#pragma once

#include "suites/claim.h"
#include "suites/suite_part.h"

#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

struct Suite {
  std::string name;   ///< as the command takes it
  std::string about;  ///< what it is, for people
  std::vector<SuitePart> parts{};
  std::vector<Claim> claims{};  ///< that its parts put to the test
};

/// Those that there are.
std::vector<std::string> suite_names();

/// With `quick`, its parts are `quickened`. Throws thalweg::Error for another name, with the nearest.
Suite make_suite(std::string_view name, bool quick);

}  // namespace thalweg::lab
