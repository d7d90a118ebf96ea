// Trainings that are timed: the lab's own trainer on the tasks that peers/ have too.
#pragma once

#include "data/dataset.h"
#include "training/config.h"

#include <map>
#include <string>

namespace thalweg::bench {

/// One training, whose data are read when it is made.
class Training {
 public:
  /// `task`: linear, mlp, cnn, lstm, gru, tabular, factorization or
  /// factorization_adam. Throws thalweg::Error for others, or if its data are missing.
  Training(const std::string& task, int threads);

  /// Mean seconds of `count` steps of a run that is under way.
  double seconds_of_steps(int count) const;
  /// Seconds of a training of one epoch, from the call to the end of the test part's evaluation.
  double seconds_of_epoch() const;

 private:
  lab::TrainingConfig config_;
  lab::Dataset dataset_;
};

}  // namespace thalweg::bench
