// TrialFolders: where the trials of a study keep their checkpoints while they are trained.
#pragma once

#include "store/study_data.h"

#include <cstdint>
#include <filesystem>
#include <span>

namespace thalweg::lab {

/// `STUDY/trials/ID/`, one for each trial that has begun and not ended; what else is in `STUDY/trials` is left alone.
class TrialFolders {
 public:
  /// `study`: the study's folder; empty: trials keep no checkpoints.
  explicit TrialFolders(std::filesystem::path study);

  /// The trial's checkpoint, whether it is there or not; empty if none are kept.
  std::filesystem::path checkpoint(std::int64_t trial) const;
  /// Removes the trial's folder, if it is there. What cannot be removed stays.
  void remove(std::int64_t trial) const;
  /// Removes the folders of trials that have ended or are the study's no longer: a process that was killed may have
  /// left them.
  void keep_only_unfinished(std::span<const TrialData> trials) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace thalweg::lab
