// A report's section on claims: what is claimed, and what was seen.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::lab {

/// A claim that studies put to the test, in words. Texts may hold names from outside.
struct ReportedClaim {
  std::string claim;
  std::string experiment;                                 ///< how it was tested
  std::string answer;                                     ///< `does not hold`
  std::string sentence;                                   ///< what was seen, plainly
  std::string detail;                                     ///< more of it
  std::vector<std::pair<std::string, std::string>> rows;  ///< numbers that the answer stands on: label, value
};

/// A `<section>`; nothing without claims.
std::string claims_html(std::span<const ReportedClaim> claims);

/// For a terminal.
std::string claims_text(std::span<const ReportedClaim> claims);

}  // namespace thalweg::lab
