// Begins studies.
#include "study/new_study.h"

#include "store/store.h"
#include "study/environment.h"

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

}  // namespace thalweg::lab
