// Made-up studies for tests of the report.
#pragma once

#include "store/study_data.h"

#include <cstddef>
#include <string>

namespace thalweg::lab::samples {

/// Four optimizers, tuned over seven learning rates, with this many final seeds; deterministic. With `troubles` one
/// adam run has diverged, one nadam trial has failed, and one rate is at the edge of its grid.
StudyData compare_study(std::size_t seeds, bool troubles = false);

/// A comparison whose names, errors and configuration try to break the page: markup, quotes, emoji, right-to-left
/// text, very long names, names of JavaScript's own, bytes that are no UTF-8, spreadsheet formulas.
StudyData hostile_study(std::size_t seeds);

/// One training.
StudyData train_study();

}  // namespace thalweg::lab::samples
