// Trial files: a search by many processes without a server, each of which trains one trial and writes one file.
#pragma once

#include "store/store.h"
#include "study/study_progress.h"
#include "study/trial_runner.h"
#include "study/tune_config.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace thalweg::lab {

/// A folder of a search that many processes share, on any file system that can rename and link files, as a cluster's:
///
/// - `plan.json`: what the search is; the first process writes it, the others must be of the same search;
/// - `tasks/NUMBER.json`: a trial that has ended, written once, whole or not at all;
/// - `tasks/NUMBER/`: while it is trained, its checkpoint, and what it has told up to there.
class TrialFiles {
 public:
  /// Makes the folder and its plan. Throws thalweg::Error that names what differs if it holds another search, and if
  /// the search cannot be shared out like this (hyperband: its rungs wait for one another).
  static TrialFiles open(const std::filesystem::path& folder, const TuneConfig& config, const std::string& task,
                         const std::string& command);
  /// One that is there. Throws thalweg::Error if the folder holds no plan, or one that is damaged.
  static TrialFiles open(const std::filesystem::path& folder);

  const TuneConfig& config() const { return config_; }
  /// The study of the plan, without trials.
  const StudyData& plan() const { return plan_; }

  bool has(std::int64_t number) const;
  /// The runs of a trial. Throws thalweg::Error if its file is missing or damaged, or is another trial's.
  std::vector<TrialData> read(std::int64_t number) const;
  /// Writes a trial's file, unless it is there already: then it must say the same (but for times), or Error is thrown.
  /// The trial's folder must be there, and be locked by the caller.
  void write(std::int64_t number, const std::vector<TrialData>& runs) const;
  /// Removes what processes that were killed while they wrote the plan have left. To be called once all trials are
  /// there.
  void remove_drafts() const;
  /// Below it the trial keeps its checkpoint.
  std::filesystem::path folder_of(std::int64_t number) const;
  std::filesystem::path file_of(std::int64_t number) const;

 private:
  TrialFiles(std::filesystem::path folder, StudyData plan);

  std::filesystem::path folder_;
  StudyData plan_;
  TuneConfig config_;
};

/// Trains one trial and writes its file; false if it was interrupted. One whose file is there is not trained. Waits for
/// the trials that its proposal sees, as long as within `patience` one more of them comes; `say` is told what for.
/// Throws thalweg::Error for a number that is none of the search's, if another process trains this trial, or if a trial
/// that it waits for does not come.
bool train_task(const TrialFiles& files, std::int64_t number, const TrialRunner& runner, const StudyHooks& hooks,
                std::chrono::seconds patience);

/// Puts the trials that are there into the study, in which they are not yet, and gives the numbers that are missing.
std::vector<std::int64_t> merge(const TrialFiles& files, Store& store);

}  // namespace thalweg::lab
