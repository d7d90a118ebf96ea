// Made-up studies for tests of the report.
#pragma once

#include "store/study_data.h"

#include <cstddef>
#include <string>
#include <vector>

namespace thalweg::lab::samples {

/// Four optimizers, tuned over seven learning rates, with this many final seeds; deterministic. With `troubles` one
/// adam run has diverged, one nadam trial has failed, and one rate is at the edge of its grid.
StudyData compare_study(std::size_t seeds, bool troubles = false);

/// RMSprop with three values of alpha and SGD, tuned over eight rates, of which the highest diverge.
StudyData family_study(std::size_t seeds);

/// Three comparisons of the same four optimizers on different data: on the first they are as fast as in
/// `compare_study`, on the second rmsprop is slower, on the third sgd never gets to where the others end.
std::vector<StudyData> several_tasks(std::size_t seeds);

/// A comparison whose names, errors and configuration try to break the page: markup, quotes, emoji, right-to-left
/// text, very long names, names of JavaScript's own, bytes that are no UTF-8, spreadsheet formulas.
StudyData hostile_study(std::size_t seeds);

/// Competitors a, b, … with a mean each, and noise around it; not tuned, two epochs a run, accuracies that are no whole
/// images. `rounded_to`: images of a test set that they are rounded to.
StudyData study_of(const std::vector<double>& means, std::size_t seeds, double spread = 0.001, double rounded_to = 0);
/// The same study with its rates chosen from a grid, away from the edges.
StudyData tuned(StudyData study);
/// One tuning trial, ended with this validation accuracy.
TrialData tuning_trial(const std::string& optimizer, double lr, double accuracy);

/// One training of images into ten classes; of numbers; of characters. Each has a review of its test part.
StudyData train_study();
StudyData regression_study();
StudyData text_study();

}  // namespace thalweg::lab::samples
