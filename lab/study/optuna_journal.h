// A search as a journal file of Optuna.
#pragma once

#include "store/study_data.h"

#include <string>

namespace thalweg::lab {

/// The trials of a search that have ended, as Optuna's JournalFileBackend reads them, so that `optuna.load_study` and
/// its dashboard open it: parameters with their distributions, the values after each epoch, the end. Times are not kept
/// by trial: all begin when the study did. Throws thalweg::Error for a study that is no search.
std::string optuna_journal(const StudyData& study);

}  // namespace thalweg::lab
