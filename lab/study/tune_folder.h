// TuneFolder: the folder a search is kept in, new or to be continued.
#pragma once

#include "store/folder_lock.h"
#include "store/store.h"
#include "study/tune_config.h"

#include <filesystem>
#include <string>
#include <vector>

namespace thalweg::lab {

/// A search's folder while it is worked in.
struct TuneFolder {
  FolderLock lock;
  Store store;
  TuneConfig config;               ///< to run
  bool continued = false;          ///< it was there before
  std::vector<std::string> notes;  ///< lines for people
};

/// Opens the search in `folder`, or begins one; as open_study_folder does for comparisons. One that is there takes more
/// trials (`check_continues`).
TuneFolder open_tune_folder(const std::filesystem::path& folder, const TuneConfig& config, const std::string& task,
                            const std::string& command, bool overwrite);

}  // namespace thalweg::lab
