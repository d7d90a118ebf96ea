// thalweg tune merge: the study of the files that tasks wrote.
#include "commands/commands.h"
#include "commands/search_output.h"
#include "commands/study_flags.h"
#include "output/output.h"
#include "study/trial_files.h"
#include "study/tune_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

namespace thalweg::lab {
namespace {

void merge_command(const StudyOutput& flags) {
  const TrialFiles files = TrialFiles::open(std::filesystem::path(flags.out));
  TuneFolder folder = [&] {
    const std::filesystem::path study = std::filesystem::path(flags.out) / kStudyFile;
    if (!flags.overwrite && std::filesystem::exists(study)) {
      return open_tune_folder(flags.out, files.config(), files.plan().task, files.plan().command, false);
    }
    FolderLock lock(flags.out);
    remove_study(study);
    return TuneFolder{std::move(lock), Store::create(study, files.plan()), files.config(), false, {}};
  }();
  const std::vector<std::int64_t> missing = merge(files, folder.store);
  if (!missing.empty()) {
    print_message("warning: {} of {} trials are missing: {}; run their tasks and merge again\n", missing.size(),
                  files.config().trials, fmt::format("{}", fmt::join(missing, ", ")));
  }
  print_search(folder.store.load(), flags);
}

}  // namespace

void add_tune_merge(CLI::App& tune) {
  CLI::App* command = tune.add_subcommand("merge", "Make the study of the files that tasks (--task) wrote");
  command->footer(R"(
Examples:
  thalweg tune merge /shared/search
  thalweg tune merge /shared/search --json --report search.html)");
  auto flags = std::make_shared<StudyOutput>();
  command->add_option("FOLDER", flags->out, "--out of the tasks")->required();
  command->add_flag("--overwrite", flags->overwrite, "Make it anew if the folder holds a study");
  command->add_option("--report", flags->report, "Also write the HTML report to this file")->type_name("FILE");
  command->add_flag("--json", flags->json, "Print trials and the best as JSON");
  command->callback([flags] { merge_command(*flags); });
}

}  // namespace thalweg::lab
