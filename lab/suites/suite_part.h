// SuitePart: one comparison of a suite.
#pragma once

#include "study/compare_config.h"

#include <string>

namespace thalweg::lab {

struct SuitePart {
  std::string name;      ///< its folder in that of the suite: lower case letters, digits, hyphens
  std::string question;  ///< what it answers, for people
  CompareConfig config;  ///< as `thalweg compare` would have it before it opens the data
};

/// Less of everything, which shows that all works and tells nothing: 300 examples, an epoch, two seeds, and of the grid
/// its first and its middle rate.
CompareConfig quickened(CompareConfig config);

}  // namespace thalweg::lab
