// What a report says, as numbers: studies grouped by task, competitors summarised over seeds.
#pragma once

#include "store/standing.h"
#include "store/study_data.h"
#include "study/program.h"
#include "study/statistics.h"
#include "tasks/task.h"

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
  std::optional<Interval> interval;  ///< 95 %, of the median at this epoch; from kSeedsForVerdict runs on
};

enum class Part { train, validation };

/// A metric on one part of the data.
struct Measure {
  Part part;
  const Metric* metric;

  /// `Validation accuracy`.
  std::string title() const;
};

std::optional<double> value_of(const EpochRecord& record, Measure measure);

/// What the tuning trials of one learning rate gave.
struct LearningRatePoint {
  double lr = 0;
  std::size_t runs = 0, diverged = 0, failed = 0;
  std::optional<double> value;  ///< primary metric as value_of_run; median, a diverged run worse than any
};

struct Competitor {
  std::string name;
  std::string options;       ///< the optimizer's options in the final runs
  std::optional<double> lr;  ///< of the final runs; none while it is not chosen yet, and of a program that gets none
  std::vector<const TrialData*> runs;                    ///< final and finished, diverged ones included
  std::size_t diverged = 0, failed = 0, unfinished = 0;  ///< final trials
  SeedValues test;                                       ///< Summary::compared() of the runs that did not diverge
  std::optional<double> mean, sd;                 ///< of test, from kSeedsForVerdict seeds on; of folds from 2 on
  std::optional<Interval> interval;               ///< of the mean, at Summary::level(); none of folds
  std::vector<LearningRatePoint> learning_rates;  ///< ascending
  std::vector<const TrialData*> tuning;           ///< tuning trials that have ended, diverged ones included
  /// The chosen lr is the lowest or the highest of those that were tried, so that a better one may lie beyond.
  bool at_edge = false;
  std::size_t reached = 0;  ///< runs that reached the goal
  /// Medians over all runs; +∞ if half of them or more never reached the goal.
  std::optional<double> goal_epochs, goal_seconds;
  std::optional<double> run_seconds, examples_per_second;  ///< medians

  /// One point an epoch.
  std::vector<CurvePoint> curve(Measure measure) const;
};

/// Why a study of the same task is not in a summary.
struct Apart {
  std::string study;                 ///< its name
  std::vector<std::string> because;  ///< what differs: `grid of learning rates`
};

/// Studies of the same task (model, data, batches, length, schedule, split), tuned alike and of equal standing.
struct Summary {
  std::vector<const StudyData*> studies;
  const Task* task = nullptr;  ///< what is predicted, and by which metric runs are compared
  TrainingConfig training;     ///< what the final runs share; its optimizer and seed mean nothing
  Program program;             ///< what was run, if it was no training; then `training` says nothing
  Metric own_metric{};         ///< of a program: what it calls its number, where no page or terminal minds the name
  /// Of a program: how many runs told its number on the test part. Unless all did, the others compare.
  std::size_t told_test = 0, compared_runs = 0;
  Standing standing;             ///< what all of its studies have
  std::size_t tuning_seeds = 0;  ///< of each rate and optimizer
  std::vector<Apart> apart;      ///< studies of the same task that came before and are not comparable
  bool had_verdict = false;      ///< a study had one of its own before it was taken together with others
  std::vector<Competitor> competitors;
  std::vector<Comparison> comparisons;  ///< of Competitor::test; every pair
  std::optional<double> goal;           ///< of the primary metric on the validation part
  bool goal_given = false;
  std::vector<const TrialData*> failed;  ///< trials, with their errors
  std::vector<std::string> warnings;     ///< what the studies noted
  std::size_t unfinished = 0;            ///< trials
  std::size_t tuning_trials = 0, tuning_ended = 0, final_trials = 0, final_ended = 0;
  /// Examples in the test part, as far as shares of them tell: the least number of which all are whole examples.
  std::optional<std::int64_t> test_examples;

  /// No trials are to come: those that are planned, final ones that failed and are tried again, or a comparison's final
  /// ones, planned once tuning has ended.
  bool is_finished() const;
  /// Of the intervals of single means: 95 %, with several planned looks as much more as holds it over all of them.
  double level() const { return 1 - standing.level(); }
  /// Index of the competitor with the best mean on the test part among those with enough seeds.
  std::optional<std::size_t> leader() const;
  const Metric& metric() const { return program ? own_metric : task->primary(); }
  /// Are final runs compared by the test part? Of a program only if all of them told its number there.
  bool is_by_test() const { return !program || (told_test > 0 && told_test == compared_runs); }
  /// What final runs are compared by: `test accuracy`; of a program the key that it printed: `test_accuracy`.
  std::string compared() const;
  /// A sentence where some runs told a number on the test part and others did not; else empty.
  std::string test_note() const;
  /// What is known while runs go on, and rates are chosen by: `validation accuracy`; of a program the key alone.
  std::string watched() const;
  /// Its runs are folds of a cross-validation. They are tested by different examples and train on many of the same, so
  /// that no interval over them holds its level (Bengio and Grandvalet 2004): there is none, and no verdict.
  bool has_folds() const { return training.folds > 0; }
  /// What runs differ by: `seed` or `fold`.
  const char* unit() const { return has_folds() ? "fold" : "seed"; }
  /// A single training without rivals.
  bool single_run() const { return !program && competitors.size() == 1 && competitors[0].runs.size() == 1; }
};

/// One summary for each task and way of tuning, in the order in which they first appear. The studies must outlive it. A
/// run that is in several studies (same optimizer options and seed) counts once. `goal`: of
/// the primary metric on the validation part; by default the worst of the competitors' median final values within 5
/// points (of other metrics: 5 %) of the best one, rounded to the worse whole percent (two digits). Throws
/// thalweg::Error for a goal out of the metric's range.
std::vector<Summary> summarize(std::span<const StudyData> studies, std::optional<double> goal = {});

}  // namespace thalweg::lab
