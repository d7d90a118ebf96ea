// What a report says, as numbers: studies grouped by task, competitors summarised over seeds.
#pragma once

#include "store/study_data.h"
#include "study/statistics.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {

/// One metric at one epoch, over the runs that reached it.
struct CurvePoint {
  std::int64_t epoch = 0;
  std::size_t runs = 0;
  double median = 0, least = 0, greatest = 0;
  std::optional<Interval> interval;  ///< 95 %, of the median; from kSeedsForVerdict runs on
};

enum class Metric { train_loss, validation_loss, train_accuracy, validation_accuracy };

std::optional<double> value_of(const EpochRecord& record, Metric metric);

/// What the tuning trials of one learning rate gave.
struct LearningRatePoint {
  double lr = 0;
  std::size_t runs = 0, diverged = 0, failed = 0;
  std::optional<double> accuracy;  ///< validation, last epoch; median, a diverged run being worse than any
};

struct Competitor {
  std::string name;
  std::string options;                                   ///< the optimizer's options in the final runs
  double lr = 0;                                         ///< of the final runs
  std::vector<const TrialData*> runs;                    ///< final and finished, diverged ones included
  std::size_t diverged = 0, failed = 0, unfinished = 0;  ///< final trials
  SeedValues test_accuracy;                              ///< of the runs that did not diverge
  std::optional<double> mean, sd;                        ///< of test_accuracy, from kSeedsForVerdict seeds on …
  std::optional<Interval> interval;                      ///< … as is the 95 % interval of the mean
  std::vector<LearningRatePoint> learning_rates;         ///< ascending
  bool at_edge = false;                                  ///< the chosen lr is the grid's lowest or highest
  std::size_t reached = 0;                               ///< runs that reached the target accuracy
  /// Medians over all runs; +∞ if half of them or more never reached the target.
  std::optional<double> target_epochs, target_seconds;
  std::optional<double> run_seconds, images_per_second;  ///< medians

  /// One point an epoch.
  std::vector<CurvePoint> curve(Metric metric) const;
};

/// Studies of the same task: same model, data, batches, length, schedule and split.
struct Summary {
  std::vector<const StudyData*> studies;
  TrainingConfig task;  ///< what the final runs share; its optimizer and seed mean nothing
  std::vector<Competitor> competitors;
  std::vector<Comparison> comparisons;  ///< of test accuracy; every pair
  std::optional<double> target;         ///< validation accuracy
  bool target_given = false;
  std::vector<const TrialData*> failed;  ///< trials, with their errors
  std::vector<std::string> warnings;     ///< what the studies noted
  std::size_t unfinished = 0;            ///< trials

  /// Index of the competitor with the highest mean test accuracy among those with enough seeds.
  std::optional<std::size_t> leader() const;
  /// A single training without rivals.
  bool single_run() const { return competitors.size() == 1 && competitors[0].runs.size() == 1; }
};

/// One summary for each task, in the order in which tasks first appear. The studies must outlive it. A run that is in
/// several studies (same optimizer options and seed) counts once. `target`: validation accuracy in (0, 1]; by default
/// the lowest of the competitors' median final accuracies within 5 points of the best one, rounded down to a whole
/// percent. Throws thalweg::Error for a target out of range.
std::vector<Summary> summarize(std::span<const StudyData> studies, std::optional<double> target = {});

}  // namespace thalweg::lab
