// Made-up searches for tests of the report.
#pragma once

#include "store/study_data.h"

#include <cstddef>

namespace thalweg::lab::samples {

/// A choice of optimizer, a rate, a momentum that counts with sgd alone, and a choice of layers; the highest rates
/// diverge, and of the first trials one failed and one is not finished. The best rate is 0.01. Deterministic.
StudyData search_study(std::size_t trials);

/// Hyperband over rates: of 27 trials that begin 9 go on to 3 epochs, 3 to 9 and 1 to 27.
StudyData hyperband_study();

/// A search of a command of one's own, two runs a trial, whose names, choices and errors try to break the page.
StudyData hostile_search();

/// A search that was left after its first trial.
StudyData one_trial_search();

}  // namespace thalweg::lab::samples
