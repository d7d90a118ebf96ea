// What every study begins with, a run's and a comparison's: its folder and its head.
#pragma once

#include "store/folder_lock.h"
#include "store/study_data.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace thalweg::lab {

/// Makes the folder where it is missing, and holds it. Throws thalweg::Error that says why it cannot be made, or as
/// FolderLock.
FolderLock lock_folder(const std::filesystem::path& folder);

/// A study of this kind and task that begins now, named after its folder; without trials and outcome.
StudyData new_study(const std::filesystem::path& folder, const std::string& kind, const std::string& task,
                    const std::string& command, const nlohmann::json& config);

/// A folder for a study of several trials, held.
struct StudyPlace {
  FolderLock lock;
  bool has_study = false;  ///< one is there to go on with
};

/// Makes the folder if it is not there. With `overwrite`, a study that is there is removed, and no other file. Throws
/// thalweg::Error if the folder is in use, or holds files but no study.
StudyPlace take_study_place(const std::filesystem::path& folder, bool overwrite);

/// Throws thalweg::Error: `FOLDER: WHAT; …` and how to go on with the study there, or beside it.
[[noreturn]] void refuse_study(const std::filesystem::path& folder, const std::string& what,
                               const std::string& command);

}  // namespace thalweg::lab
