// Evidence: what claims have in common: how their parts are set up, and how studies are read for a judgement.
#pragma once

#include "report/summary.h"
#include "study/compare_config.h"
#include "study/statistics.h"
#include "suites/claim.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::lab {

/// Optimizers that several claims compare.
inline constexpr const char *kRmsprop = "rmsprop", *kAdam = "adam", *kSgd = "sgd:momentum=0.9";

/// `mlp` on fashion-mnist in batches of 64, every rate of the grid tried, so many epochs in tuning and final trials
/// alike, final seeds 1 … `seeds`.
CompareConfig base_config(std::vector<std::string> optimizers, std::vector<double> grid, std::int64_t epochs,
                          std::size_t seeds = kSeedsForVerdict);

/// The part, quickened if it is to be.
SuitePart part_of(std::string name, std::string question, CompareConfig config, bool quick);

/// What the study of this part shows. Nothing where it is missing or has no trials.
std::optional<Summary> summary_of(const PartStudies& studies, std::string_view part);

/// By the name that a comparison with tuned rates (`tuned`) or with the optimizers' own gives to this text. Null where
/// the summary has none.
const Competitor* find_competitor(const Summary& summary, const std::string& optimizer, bool tuned = true);

/// first − second over the seeds that both have, at the level 1 − error. too_few_seeds: it has no interval.
Comparison compare_two(const SeedValues& first, const SeedValues& second, double error);

/// Of all seeds; there must be one.
double mean_of(const SeedValues& values);

/// How much worse `value` is than `other`: below 0 where it is better.
double loss_of(const Metric& metric, double value, double other);

/// `85.31 % (sd 0.25, 8 seeds)`; says so where seeds are too few for that, and how many runs diverged or failed.
std::string test_text(const Competitor* competitor, const Metric& metric);

/// All of them the same: that; yes and no: partly; otherwise, of several parts of which some cannot be told: no where
/// the others do not hold, else cannot_tell.
Holds together(const std::vector<Holds>& parts);

}  // namespace thalweg::lab
