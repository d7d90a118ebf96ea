// Runs a comparison: tunes, chooses, trains the final trials, and keeps all of it in the store.
#pragma once

#include "store/store.h"
#include "study/compare_config.h"
#include "study/study_progress.h"
#include "study/trial_runner.h"

namespace thalweg::lab {

/// Runs what is not finished yet: trials that the store has as finished are kept, all others are run (again). May be
/// called again after an interruption, a crash or failed trials. Records choices and warnings as the study's outcome.
/// `config` must be the one the store was made with. Trials keep their checkpoints below the store's folder. Throws
/// thalweg::Error if no optimizer could be trained at all.
StudyEnd run_compare(const CompareConfig& config, Store& store, const TrialRunner& runner, const StudyHooks& hooks);

}  // namespace thalweg::lab
