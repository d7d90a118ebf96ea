// Runs a search: proposes trials, trains them, stops those that cannot win, and keeps all of it in the store.
#pragma once

#include "store/store.h"
#include "study/study_progress.h"
#include "study/trial_runner.h"
#include "study/tune_config.h"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace thalweg::lab {

/// What bounds this process' share of a search, beside its number of trials.
struct TuneLimits {
  /// Begins no trial (and no rung) after so many seconds; what has begun is trained to its end, so that the trials are
  /// the first ones of the search without a limit.
  std::optional<double> seconds;
  /// Only this trial is trained: the store has those that its proposal sees.
  std::optional<std::int64_t> only;
};

/// Runs what is not finished yet; may be called again after an interruption or a crash, or with more trials. A trial
/// that has failed stays so: later proposals have seen it. The study is a function of its configuration: any number of
/// workers gives the same trials with the same results. `checkpoints`: the folder below which trials keep theirs;
/// empty: they keep none. Throws thalweg::Error if the store is not of this configuration.
StudyEnd run_tune(const TuneConfig& config, Store& store, const std::filesystem::path& checkpoints,
                  const TrialRunner& runner, const StudyHooks& hooks, const TuneLimits& limits = {});

}  // namespace thalweg::lab
