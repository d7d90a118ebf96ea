// Begins studies.
#include "study/new_study.h"

#include "store/store.h"
#include "study/environment.h"
#include "study/trial_folders.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <system_error>

namespace thalweg::lab {

FolderLock lock_folder(const std::filesystem::path& folder) {
  std::error_code reason;
  std::filesystem::create_directories(folder, reason);
  if (reason) throw Error(fmt::format("cannot create folder {}: {}", folder.string(), reason.message()));
  return FolderLock(folder);
}

StudyData new_study(const std::filesystem::path& folder, const std::string& kind, const std::string& task,
                    const std::string& command, const nlohmann::json& config) {
  StudyData study;
  study.name = folder.filename().empty() ? folder.parent_path().filename().string() : folder.filename().string();
  study.kind = kind;
  study.task = task;
  study.command = command;
  study.created = now_utc();
  study.config = config;
  study.environment = environment();
  return study;
}

StudyPlace take_study_place(const std::filesystem::path& folder, bool overwrite) {
  StudyPlace place{lock_folder(folder)};
  const std::filesystem::path file = folder / kStudyFile;
  const bool exists = std::filesystem::exists(file);
  if (exists && !overwrite) {
    place.has_study = true;
    return place;
  }
  if (!exists && !overwrite && !std::filesystem::is_empty(folder)) {
    throw Error(
        fmt::format("{}: the folder is not empty and holds no study; choose another --out, or give --overwrite "
                    "(other files are left alone)",
                    folder.string()));
  }
  remove_study(file);
  TrialFolders(folder).keep_only_unfinished({});
  return place;
}

void refuse_study(const std::filesystem::path& folder, const std::string& what, const std::string& command) {
  throw Error(fmt::format("{}: {}; choose another --out, give --overwrite, or go on with it: {}", folder.string(), what,
                          command));
}

}  // namespace thalweg::lab
