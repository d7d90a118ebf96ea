// TuneFolder: begins or continues a search.
#include "study/tune_folder.h"

#include "study/new_study.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <utility>

namespace thalweg::lab {
namespace {

TuneFolder go_on(FolderLock lock, const std::filesystem::path& folder, const TuneConfig& wanted,
                 const std::string& command) {
  const std::filesystem::path file = folder / kStudyFile;
  const StudyData plan = Store::load_plan(file);  // what is refused stays as it is
  try {
    if (plan.kind != "tune") throw Error(fmt::format("holds a {} study, no search", plan.kind));
    check_continues(plan.config, wanted);
  } catch (const Error& error) {
    refuse_study(folder, error.what(), plan.command);
  }
  Store store = Store::open(file);
  std::vector<std::string> notes;
  for (const std::int64_t trial : store.remove_damaged()) {
    notes.push_back(fmt::format("run {} was damaged on the disk and is trained anew", trial));
  }
  const StudyData study = store.load();
  store.set_plan(wanted, command, study.outcome);
  return {std::move(lock), std::move(store), wanted, true, std::move(notes)};
}

}  // namespace

TuneFolder open_tune_folder(const std::filesystem::path& folder, const TuneConfig& config, const std::string& task,
                            const std::string& command, bool overwrite) {
  StudyPlace place = take_study_place(folder, overwrite);
  if (place.has_study) return go_on(std::move(place.lock), folder, config, command);
  return {std::move(place.lock),
          Store::create(folder / kStudyFile, new_study(folder, "tune", task, command, config)),
          config,
          false,
          {}};
}

}  // namespace thalweg::lab
