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
  bool continued = false;                  ///< it was there before, with the same configuration
  std::vector<std::int64_t> damaged = {};  ///< trials that are trained anew because the file was damaged
};

/// Opens the comparison in `folder`, or begins one. With `overwrite`, a study that is there is removed first; no other
/// file ever is. Throws thalweg::Error that tells how to go on if the folder holds another study (and names what
/// differs), or holds files but no study, or is in use.
StudyFolder open_study_folder(const std::filesystem::path& folder, const CompareConfig& config,
                              const std::string& command, bool overwrite);

}  // namespace thalweg::lab
