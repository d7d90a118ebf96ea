// StudyFolder: begins or continues a comparison.
#include "study/study_folder.h"

#include "study/environment.h"

#include <thalweg/error.h>

#include <fmt/core.h>

#include <system_error>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr std::size_t kDifferencesShown = 3;

void check_same(const std::filesystem::path& folder, const StudyData& study, const nlohmann::json& config) {
  const auto refuse = [&](const std::string& what) {
    throw Error(fmt::format("{}: {}; choose another --out, give --overwrite, or go on with it: {}", folder.string(),
                            what, study.command));
  };
  if (study.kind != "compare") refuse(fmt::format("holds a {} run, no comparison", study.kind));
  const std::vector<std::string> lines = differences(study.config, config);
  if (lines.empty()) return;
  std::string what;
  for (std::size_t i = 0; i < lines.size() && i < kDifferencesShown; ++i) what += (i > 0 ? "; " : "") + lines[i];
  if (lines.size() > kDifferencesShown) what += fmt::format("; and {} more", lines.size() - kDifferencesShown);
  refuse("holds another comparison (" + what + ")");
}

}  // namespace

StudyFolder open_study_folder(const std::filesystem::path& folder, const CompareConfig& config,
                              const std::string& command, bool overwrite) {
  std::error_code reason;
  std::filesystem::create_directories(folder, reason);
  if (reason) throw Error(fmt::format("cannot create folder {}: {}", folder.string(), reason.message()));
  FolderLock lock(folder);
  const std::filesystem::path file = folder / kStudyFile;
  if (std::filesystem::exists(file) && !overwrite) {
    Store store = Store::open(file);
    std::vector<std::int64_t> damaged = store.remove_damaged();
    check_same(folder, store.load(), config);
    return {std::move(lock), std::move(store), true, std::move(damaged)};
  }
  if (!std::filesystem::exists(file) && !overwrite && !std::filesystem::is_empty(folder)) {
    throw Error(
        fmt::format("{}: the folder is not empty and holds no study; choose another --out, or give --overwrite "
                    "(other files are left alone)",
                    folder.string()));
  }
  remove_study(file);
  StudyData study;
  study.name = folder.filename().empty() ? folder.parent_path().filename().string() : folder.filename().string();
  study.kind = "compare";
  study.command = command;
  study.created = now_utc();
  study.config = config;
  study.environment = environment();
  return {std::move(lock), Store::create(file, study), false, {}};
}

}  // namespace thalweg::lab
