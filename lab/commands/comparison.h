// A comparison from its configuration to its end, as `compare` and its suites carry it out.
#pragma once

#include "data/dataset.h"
#include "store/study_data.h"
#include "study/compare_config.h"
#include "study/study_progress.h"

#include <string>

namespace thalweg::lab {

/// Opens the data to find out what is wrong with configuration and data, and completes the configuration by them:
/// epochs, batch, epochs of tuning trials, fingerprints. (The workers open the data for themselves.) Throws as
/// open_task.
Dataset open_comparison(CompareConfig& config);

/// Where a comparison is kept, and how to go on with it.
struct ComparisonPlace {
  std::string folder;
  std::string command;
  bool overwrite = false;
};

struct ComparisonRun {
  StudyEnd end;  ///< not `interrupted`
  StudyData study;
};

/// Begins the comparison, or goes on with it, and trains what is missing in `jobs` workers. `task`: that of its data.
/// If it was interrupted it tells on standard error how to go on, and throws Interrupted.
ComparisonRun run_comparison(const CompareConfig& config, const std::string& task, const ComparisonPlace& place,
                             int jobs);

/// Throws thalweg::Error if trials have failed: what to run to try them again.
void expect_all_trained(const ComparisonRun& run);

}  // namespace thalweg::lab
