// SearchState: the trials of a search as far as they are, in memory, and the decisions that follow from them.
#pragma once

#include "search/hyperband.h"
#include "search/sampler.h"
#include "store/study_data.h"
#include "study/tune_config.h"
#include "tasks/metric.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// One training of a trial.
struct SearchRun {
  std::int64_t id = 0;  ///< in the store
  TrainingConfig config;
  TrialStatus status = TrialStatus::pending;
  Outcome outcome = Outcome::completed;  ///< of a finished one
  std::vector<EpochRecord> epochs{};     ///< that it has trained
  std::int64_t target = 0;               ///< epoch to which it is trained now

  bool ended() const { return status == TrialStatus::finished || status == TrialStatus::failed; }
  /// Was it trained to its end, with a value?
  bool is_complete(const Metric& metric) const;
  /// As value_of_run.
  std::optional<double> value(const Metric& metric) const;
  /// Is it trained to this epoch, and no more for now, or on its way beyond?
  bool is_at(std::int64_t epoch) const;
  /// Forgets what came after this step.
  void rewind(std::int64_t step);
};

struct SearchTrial {
  std::int64_t number = 0;
  Point point;
  std::vector<SearchRun> runs;  ///< in the order of seeds, of each all folds; none: it has not been proposed

  bool is_proposed() const { return !runs.empty(); }
  bool ended() const;
  /// The mean of the runs' values; nothing unless all are complete.
  std::optional<double> value(const Metric& metric) const;
  /// Likewise after this epoch; nothing unless all have come to it, or have ended with a value before it.
  std::optional<double> value_at(std::int64_t epoch, const Metric& metric) const;
};

/// The lower the better.
std::optional<double> loss_of(const std::optional<double>& value, const Metric& metric);

/// All trials of the search, by number, proposed or not. Throws thalweg::Error if the study's are not of this search.
std::vector<SearchTrial> trials_of(const StudyData& study, const SearchSpace& space, const TuneConfig& config);

/// What the proposal of this trial sees: all trials up to `number` − lag, by number.
std::vector<Seen> seen_by(std::int64_t number, std::span<const SearchTrial> trials, std::int64_t lag,
                          const Metric& metric);

/// Why the trial gets no more runs, in words; empty: it may go on. It is worse than the best trial that its proposal
/// saw, by a one-sided paired t test over the runs that it has so far, from three on; at 5 % for all its looks
/// together.
std::string rejection(const SearchTrial& trial, std::span<const SearchTrial> trials, std::int64_t lag,
                      const Metric& metric);

}  // namespace thalweg::lab
