// Reads a whole study back from its tables.
#pragma once

#include "store/database.h"
#include "store/study_data.h"

namespace thalweg::lab {

/// Everything in the study's tables, as of one moment. Throws thalweg::Error, which names the file, where a value has
/// no meaning.
StudyData read_study(const Database& database);

/// The same without its trials, which may be damaged.
StudyData read_plan(const Database& database);

}  // namespace thalweg::lab
