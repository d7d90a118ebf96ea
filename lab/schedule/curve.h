// Curve: the rates that a schedule gives over the steps of a run.
#pragma once

#include <thalweg/schedule.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::lab {

/// A step at which something happens.
struct Mark {
  std::int64_t step = 0;
  std::string what;
  bool is_main = false;  ///< ends of the warm-up and of parts
};

/// What is known of the run.
struct CurveOptions {
  double lr = 1;                     ///< the rate at factor 1
  std::int64_t steps = 0;            ///< of the run; 0: as many as show the schedule
  std::int64_t steps_per_epoch = 1;  ///< [1, ∞)
  std::vector<double> metrics = {};  ///< what a plateau sees: a value an epoch
};

constexpr std::int64_t kMostSteps = 1'000'000'000'000;

/// How many steps show the schedule: a tenth more than it takes to its end, or some of its periods if it has none.
/// Throws Error if the run has to say it, or if they are more than kMostSteps.
std::int64_t steps_that_show(const thalweg::Schedule& schedule, const CurveOptions& options);

class Curve {
 public:
  /// `options.steps` must be there. Throws Error if they leave nothing for the schedule.
  Curve(const thalweg::Schedule& schedule, const CurveOptions& options);

  /// The schedule as it was given.
  const std::string& text() const { return text_; }
  /// The same, with the lengths that the run has given it.
  const thalweg::Schedule& schedule() const { return schedule_; }
  const CurveOptions& options() const { return options_; }
  std::int64_t steps() const { return options_.steps; }

  /// The rate of a step, counted from 1.
  double rate(std::int64_t step) const;
  /// In ascending order, one a step; not all where there are hundreds.
  const std::vector<Mark>& marks() const { return marks_; }

  struct Extremes {
    double first = 0, highest = 0, last = 0;
    std::int64_t highest_at = 1;
  };
  const Extremes& extremes() const { return extremes_; }

  /// The steps to draw it by, in ascending order: spread evenly, marks, and both sides of every jump.
  std::vector<std::int64_t> drawn_steps() const;

 private:
  void follow_metrics();
  void find_jumps(std::vector<std::int64_t>& steps) const;

  std::string text_;
  thalweg::Schedule schedule_;
  CurveOptions options_;
  std::vector<SchedulePosition> positions_;  // a plateau's, epoch for epoch
  std::vector<Mark> marks_;
  Extremes extremes_;
};

/// `count` steps from 1 to `steps`, spread evenly; all of them if there are no more.
std::vector<std::int64_t> spread(std::int64_t steps, std::size_t count);

}  // namespace thalweg::lab
