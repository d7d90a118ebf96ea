// What the trials of a search gave, read from its study: for tables, JSON, reports and exports.
#pragma once

#include "search/sampler.h"
#include "store/study_data.h"
#include "tasks/metric.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thalweg::lab {

enum class TrialState {
  complete,    ///< trained to its end
  pruned,      ///< stopped by the search, since others are better
  diverged,    ///< a run's values were not finite any more
  failed,      ///< a run ended with an error
  unfinished,  ///< to be trained, or on its way
};

std::string to_string(TrialState state);

/// One trial of a search: its runs taken together.
struct TuneTrial {
  std::int64_t number = 0;
  nlohmann::json parameters;
  TrialState state = TrialState::unfinished;
  /// The metric on the validation part, mean over the runs; of a pruned trial that of its runs as far as they came, so
  /// that it does not compare with others. Nothing if it has failed, diverged or not begun.
  std::optional<double> value;
  std::int64_t epochs = 0;  ///< that its runs have trained, all together
  double seconds = 0;       ///< of training, all together
  std::string error;        ///< why it failed, diverged or was pruned
  std::vector<const TrialData*> runs;
};

/// By number. The study must outlive them. Throws thalweg::Error for a study that is no search.
std::vector<TuneTrial> tune_trials(const StudyData& study);
std::vector<TuneTrial> tune_trials(const StudyData&& study) = delete;

/// Index of the complete trial with the best value; of equals the first.
std::optional<std::size_t> best_trial(const std::vector<TuneTrial>& trials, const Metric& metric);

/// Trials that have ended, as samplers and importances see them: all but those that were pruned, whose values do not
/// compare.
std::vector<Seen> seen_of(const std::vector<TuneTrial>& trials, const SearchSpace& space, const Metric& metric);

/// `{"task", "metric", "better", "trials": [{"number", "parameters", "value", "state", "epochs", "seconds", "error"}],
/// "best": {…} or null}`.
nlohmann::json tune_json(const StudyData& study);

/// The metric of a search's study.
const Metric& metric_of(const StudyData& study);

/// What its program calls the metric; else the metric's own title.
std::string metric_title(const StudyData& study);

}  // namespace thalweg::lab
