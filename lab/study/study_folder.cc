// StudyFolder: begins or continues a comparison.
#include "study/study_folder.h"

#include "study/differences.h"
#include "study/enlarging.h"
#include "study/new_study.h"

#include <thalweg/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

/// What the configuration adds to the study. Throws if it is another study's.
Enlarging check_same(const std::filesystem::path& folder, const StudyData& study, const CompareConfig& config) {
  const auto refuse = [&](const std::string& what) { refuse_study(folder, what, study.command); };
  if (study.kind != "compare") refuse(fmt::format("holds a {} run, no comparison", study.kind));
  Enlarging enlarging = enlarge(study.config, config);
  if (!enlarging.differences.empty()) {
    refuse(fmt::format("holds another comparison ({})", shown(enlarging.differences)));
  }
  if (!enlarging.missing.empty()) {
    refuse(fmt::format(
        "the study also has what was not asked for now ({}), and takes more optimizers and seeds, not fewer",
        fmt::join(enlarging.missing, "; ")));
  }
  return enlarging;
}

/// What is new, and what it means for the verdict.
std::vector<std::string> notes_of(const Enlarging& enlarging, const nlohmann::json& outcome, int looks) {
  std::vector<std::string> notes;
  if (!enlarging.new_seeds.empty()) {
    notes.push_back(fmt::format("new seeds: {}", seeds_text(enlarging.new_seeds)));
  }
  if (!enlarging.new_optimizers.empty()) {
    notes.push_back(fmt::format("new optimizers: {}", fmt::join(enlarging.new_optimizers, ", ")));
  }
  const int taken = outcome.at("looks_taken").get<int>();
  if (outcome.at("enlarged").get<bool>()) {
    notes.push_back(fmt::format(
        "warning: the study is enlarged after {}: it can announce no winner any more (--looks plans several verdicts "
        "before a study begins)",
        looks == 1 ? "its verdict" : fmt::format("the last of its {} planned verdicts", looks)));
  } else if (looks > 1) {
    notes.push_back(fmt::format("{} of {} planned verdicts seen so far", taken, looks));
  }
  return notes;
}

/// Takes up the study that is there.
StudyFolder go_on(FolderLock lock, const std::filesystem::path& folder, const CompareConfig& config,
                  const std::string& command) {
  const std::filesystem::path file = folder / kStudyFile;
  Enlarging enlarging = check_same(folder, Store::load_plan(file), config);  // what is refused stays as it is
  Store store = Store::open(file);
  const std::vector<std::int64_t> damaged = store.remove_damaged();
  const StudyData study = store.load();
  const nlohmann::json outcome = enlarging.enlarges() ? enlarged_outcome(study) : study.outcome;
  // The command too: folder and data may have moved since the study began.
  store.set_plan(enlarged_config(study.config, enlarging), command, outcome);
  std::vector<std::string> notes;
  if (enlarging.enlarges()) notes = notes_of(enlarging, outcome, config.looks);
  for (const std::int64_t trial : damaged) {
    notes.push_back(fmt::format("trial {} was damaged on the disk and is trained anew", trial));
  }
  return {std::move(lock), std::move(store), std::move(enlarging.config), true, std::move(notes)};
}

}  // namespace

StudyFolder open_study_folder(const std::filesystem::path& folder, const CompareConfig& config, const std::string& task,
                              const std::string& command, bool overwrite) {
  StudyPlace place = take_study_place(folder, overwrite);
  if (place.has_study) return go_on(std::move(place.lock), folder, config, command);
  return {std::move(place.lock),
          Store::create(folder / kStudyFile, new_study(folder, "compare", task, command, config)),
          config,
          false,
          {}};
}

}  // namespace thalweg::lab
