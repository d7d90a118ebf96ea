// Rate maps: learning rate against one other option, as heat maps in HTML with percent-sized SVG.
#pragma once

#include "report/charts.h"
#include "report/summary.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// Competitors that differ in the value of one numeric option alone, and were tuned with at least two common rates.
struct Family {
  struct Member {
    double value = 0;            ///< of the option
    std::size_t competitor = 0;  ///< index
  };
  std::string option;
  std::string optimizer;        ///< its text without this option and the rate: `rmsprop:momentum=0.9`
  std::vector<Member> members;  ///< by value, ascending; at least two
};

/// By their order of appearance. What does not read as an optimizer belongs to none.
std::vector<Family> families_of(std::span<const Competitor> competitors);

bool has_families(const Summary& summary);
/// A map for each family: a row for each value of its option, a column for each rate, the darker the better; with a
/// table of the numbers.
std::string rate_maps_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
