// StudyFolder: the folder a comparison is kept in, new or to be continued.
#pragma once

#include "store/folder_lock.h"
#include "store/store.h"
#include "study/compare_config.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab {

/// A comparison's folder while it is worked in.
struct StudyFolder {
  FolderLock lock;
  Store store;
  CompareConfig config;            ///< to run: the study's own, enlarged by what is new
  bool continued = false;          ///< it was there before
  std::vector<std::string> notes;  ///< lines for people: what is new, and what that means for its verdict
};

/// Opens the comparison in `folder`, or begins one. One that is there takes more seeds and optimizers
/// (study/enlarging.h). `task` is
/// that of the data. `command`, which goes on with it, is kept in it. With `overwrite`, a study that is there
/// is removed first; no other file ever is. Throws thalweg::Error that tells how to go on if the folder holds another
/// study (and names what differs), or holds files but no study, or is in use.
StudyFolder open_study_folder(const std::filesystem::path& folder, const CompareConfig& config, const std::string& task,
                              const std::string& command, bool overwrite);

}  // namespace thalweg::lab
