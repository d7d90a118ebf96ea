// Made-up studies of two classes of a table, for tests of the report.
#pragma once

#include "store/study_data.h"

#include <cstddef>

namespace thalweg::lab::samples {

/// One training of loans with costs, effects of columns and drift, whose names try to break the page; with `folds` as
/// many as that of a cross-validation.
StudyData credit_study(std::size_t folds = 0);

}  // namespace thalweg::lab::samples
