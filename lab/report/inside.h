// Inside the network: what a training's diagnostics show, as a report's part and in words.
#pragma once

#include "report/charts.h"
#include "report/summary.h"
#include "training/findings.h"

#include <string>
#include <vector>

namespace thalweg::lab {

/// One finding in how many of a competitor's runs.
struct FindingInRuns {
  Finding finding;         ///< of the first of these runs …
  std::uint64_t seed = 0;  ///< … whose seed this is
  std::size_t runs = 0;

  /// The finding as sentences; with several runs also in how many of them it was.
  std::string text(std::size_t all_runs) const;
};
std::vector<FindingInRuns> findings_of(const Competitor& competitor);

/// Of a single run: findings, heat map and lines; of a comparison: each competitor's findings, if there are any.
std::string inside_html(const Summary& summary, Charts& charts);

}  // namespace thalweg::lab
