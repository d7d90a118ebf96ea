// What a search found: printed, and kept beside it.
#pragma once

#include "commands/study_flags.h"
#include "store/study_data.h"

namespace thalweg::lab {

/// Prints the search as text or JSON, writes its best configuration to `best.toml` in its folder, and the report, if
/// one is wanted. Throws thalweg::Error behind all that where no trial has a value.
void print_search(const StudyData& study, const StudyOutput& output);

}  // namespace thalweg::lab
