// thalweg runs: what runs and studies there are, and removing them.
#include "commands/commands.h"
#include "commands/exit.h"
#include "output/output.h"
#include "output/table.h"
#include "report/report.h"
#include "store/store.h"
#include "study/run_list.h"
#include "tasks/task.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

struct Flags {
  std::vector<std::string> folders;
  bool json = false, checkpoints = false, yes = false;
  std::size_t keep = 0;
};

std::string size_text(std::uintmax_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (size < 1e6) return fmt::format("{:.0f} KB", size / 1e3);
  return size < 1e9 ? fmt::format("{:.1f} MB", size / 1e6) : fmt::format("{:.1f} GB", size / 1e9);
}

std::vector<RunInfo> read(const std::vector<std::string>& folders) {
  const std::vector<std::filesystem::path> below(folders.begin(), folders.end());
  std::vector<RunInfo> runs;
  for (const std::filesystem::path& folder : as_usage([&] { return study_folders(below); })) {
    runs.push_back(run_info(folder));
  }
  return runs;
}

nlohmann::json to_json(const RunInfo& run) {
  nlohmann::json json{
      {"folder", run.folder.string()}, {"bytes", run.bytes}, {"checkpoint_bytes", run.checkpoint_bytes}};
  if (!run.damage.empty()) {
    json["damage"] = run.damage;
    return json;
  }
  json.update({{"kind", run.kind},
               {"task", run.task},
               {"created", run.created},
               {"about", run.about},
               {"trials", run.trials},
               {"ended", run.ended},
               {"metric", find_task(run.task).primary().name},
               {"value", run.value ? nlohmann::json(*run.value) : nlohmann::json()}});
  return json;
}

void list(const Flags& flags) {
  const std::vector<RunInfo> runs = read(flags.folders);
  if (flags.json) {
    nlohmann::json all = nlohmann::json::array();
    for (const RunInfo& run : runs) all.push_back(to_json(run));
    return print_json(all);
  }
  if (runs.empty()) return print("no runs and studies there\n");
  Table table({"folder", "kind", "about", "trials", "best on validation data", "size", "checkpoints", "begun"},
              {false, false, false, true, true, true, true, false});
  for (const RunInfo& run : runs) {
    if (!run.damage.empty()) {
      table.add({run.folder.string(), "damaged", run.damage, "–", "–", size_text(run.bytes),
                 size_text(run.checkpoint_bytes), "–"});
      continue;
    }
    const Metric& metric = find_task(run.task).primary();
    table.add({run.folder.string(), run.kind, run.about, fmt::format("{} of {}", run.ended, run.trials),
               run.value ? fmt::format("{} {}", metric.title, value_text(metric, *run.value)) : "–",
               size_text(run.bytes), run.checkpoint_bytes > 0 ? size_text(run.checkpoint_bytes) : "–", run.created});
  }
  print_lines(table.text(output_columns()));
}

void show(const Flags& flags) {
  const std::filesystem::path file = as_usage([&] { return find_study(flags.folders.front()); });
  const StudyData study = Store::open_for_reading(file).load();
  if (flags.json) {
    nlohmann::json json = to_json(run_info(file.parent_path()));
    json.update({{"command", study.command}, {"config", study.config}, {"environment", study.environment}});
    return print_json(json);
  }
  print("{} of {}\n{}\n", study.kind, study.created, study.command);
  const nlohmann::json versions = study.environment.value("versions", nlohmann::json::object());
  for (const auto& [name, version] : versions.items()) {
    print("{} {}\n", name, version.is_string() ? version.get<std::string>() : version.dump());
  }
  print("\n");
  print_lines(report_text(std::span(&study, 1), {}, output_columns()));
}

/// Of runs of one task those with the best values keep their checkpoints.
void leave_best(std::vector<RunInfo>& runs, std::size_t keep) {
  std::map<std::string, std::vector<RunInfo*>> by_task;
  for (RunInfo& run : runs) {
    if (run.value) by_task[run.task].push_back(&run);
  }
  std::vector<std::filesystem::path> kept;
  for (auto& [task, of_task] : by_task) {
    const Metric& metric = find_task(task).primary();
    std::ranges::stable_sort(
        of_task, [&](const RunInfo* a, const RunInfo* b) { return metric.is_better(*a->value, *b->value); });
    for (std::size_t i = 0; i < std::min(keep, of_task.size()); ++i) kept.push_back(of_task[i]->folder);
  }
  std::erase_if(runs, [&](const RunInfo& run) { return std::ranges::find(kept, run.folder) != kept.end(); });
}

void remove(const Flags& flags) {
  if (flags.keep > 0 && !flags.checkpoints) throw UsageError("--keep is of checkpoints: it goes with --checkpoints");
  std::vector<RunInfo> runs = read(flags.folders);
  const Owned which = flags.checkpoints ? Owned::checkpoints : Owned::all;
  if (flags.keep > 0) leave_best(runs, flags.keep);
  if (flags.checkpoints) std::erase_if(runs, [](const RunInfo& run) { return run.checkpoint_bytes == 0; });
  std::uintmax_t bytes = 0;
  for (const RunInfo& run : runs) {
    if (flags.yes) remove_owned(run.folder, which);
    const std::uintmax_t size = flags.checkpoints ? run.checkpoint_bytes : run.bytes;
    bytes += size;
    print("{} {}{} ({})\n", flags.yes ? "removed" : "would remove", run.folder.string(),
          flags.checkpoints ? ": its checkpoints" : "", size_text(size));
  }
  if (runs.empty()) return print("nothing to remove\n");
  print("{} {} in {} folders\n", size_text(bytes), flags.yes ? "freed" : "would be free", runs.size());
  if (!flags.yes) print("Nothing was removed; --yes removes it\n");
}

std::shared_ptr<Flags> add(CLI::App& runs, const char* name, const char* meaning, const char* footer,
                           void (*job)(const Flags&)) {
  CLI::App* command = runs.add_subcommand(name, meaning);
  command->footer(footer);
  auto flags = std::make_shared<Flags>();
  command->callback([flags, job] {
    if (flags->folders.empty()) flags->folders = {"runs"};
    job(*flags);
  });
  return flags;
}

}  // namespace

void add_runs(CLI::App& app) {
  CLI::App* runs = app.add_subcommand("runs", "What runs and studies there are; removes them");
  runs->require_subcommand(1);
  runs->footer(R"(
Examples:
  thalweg runs list                     all below the folder runs
  thalweg runs show runs/first
  thalweg runs delete runs/old --yes)");

  auto flags = add(*runs, "list", "Lists runs and studies below folders", R"(
Examples:
  thalweg runs list
  thalweg runs list /data/experiments --json)",
                   list);
  CLI::App* command = runs->get_subcommand("list");
  command->add_option("FOLDER", flags->folders, "Where to look, the folders below too; by default: runs");
  command->add_flag("--json", flags->json, "Print them as JSON");

  flags = add(*runs, "show", "Shows one: its command, versions and results", R"(
Examples:
  thalweg runs show runs/first
  thalweg runs show runs/tune --json)",
              show);
  command = runs->get_subcommand("show");
  command->add_option("RUN", flags->folders, "Folder of a run or study")->required()->expected(1);
  command->add_flag("--json", flags->json, "Print what it is as JSON, its configuration included");

  flags = add(*runs, "delete", "Removes runs and studies, or only their checkpoints", R"(
Only files that thalweg wrote are removed, and the folder if nothing else is in it. Without checkpoints a run can be
reported on, but neither go on nor predict.

Examples:
  thalweg runs delete runs/old                               tells what would be removed
  thalweg runs delete runs/old --yes
  thalweg runs delete runs --checkpoints --keep 3 --yes      the best three of each task keep theirs)",
              remove);
  command = runs->get_subcommand("delete");
  command->add_option("FOLDER", flags->folders, "Runs and studies, and all below these folders")->required();
  command->add_flag("--checkpoints", flags->checkpoints, "Only checkpoints; records stay");
  command->add_option("--keep", flags->keep, "Of each task the N with the best values on validation data keep theirs");
  command->add_flag("--yes", flags->yes, "Really remove");
}

}  // namespace thalweg::lab
