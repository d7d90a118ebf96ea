// Checksums: tell whether what a study holds is what was written, bit for bit.
#pragma once

#include "store/database.h"

#include <cstdint>
#include <vector>

namespace thalweg::lab {

/// Stands for the study's own row, and for its list of trials, where a trial's id is meant.
constexpr std::int64_t kStudyRow = 0;

/// Makes the table of checksums in a study that has none, within the caller's transaction. Whoever changes a row, an
/// earlier thalweg too, thereby removes the checksum of its trial.
void prepare_checksums(const Database& database);

/// Writes down the checksum of a trial (its row, epochs and steps) as it is now, or of the study's row.
void seal(const Database& database, std::int64_t trial);

/// The trials that are not as they were sealed, and kStudyRow if the study's row is not or if a trial has vanished.
/// None in studies of earlier versions.
std::vector<std::int64_t> damaged_trials(const Database& database);
/// The trials, and kStudyRow, that are as they were sealed.
std::vector<std::int64_t> intact_trials(const Database& database);
/// Has damaged_trials name the trial from now on.
void mark_damaged(const Database& database, std::int64_t trial);

}  // namespace thalweg::lab
