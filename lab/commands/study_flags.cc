// The flags that every study has.
#include "commands/study_flags.h"

#include "commands/exit.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <thread>

namespace thalweg::lab {
namespace {

constexpr int kMostThreadsACore = 8;

}  // namespace

void add_job_flags(CLI::App& command, JobFlags& flags) {
  const auto group = "Study";
  command.add_option("--jobs", flags.jobs, "Worker processes; by default as many as fill the cores")
      ->group(group)
      ->check(CLI::Range(1, 1024));
  command.add_option("--threads-per-job", flags.threads_per_job, "Threads of each; part of the configuration")
      ->group(group)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
}

void complete(JobFlags& flags) {
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (flags.jobs == 0) flags.jobs = std::max(1, cores / flags.threads_per_job);
  const int most = std::max(64, kMostThreadsACore * cores);
  const int threads = flags.jobs * flags.threads_per_job;
  if (threads <= most) return;
  throw UsageError(
      fmt::format("--jobs {} × --threads-per-job {} = {} threads are too many for the {} cores here: at most {}",
                  flags.jobs, flags.threads_per_job, threads, cores, most));
}

void add_study_output(CLI::App& command, StudyOutput& output) {
  const auto group = "Output";
  command.add_option("--out", output.out, "Folder of the study")
      ->type_name("FOLDER")
      ->group(group)
      ->capture_default_str();
  command.add_flag("--overwrite", output.overwrite, "Begin anew if the folder holds a study")->group(group);
  command.add_option("--report", output.report, "Also write the HTML report to this file")
      ->type_name("FILE")
      ->group(group);
  command.add_flag("--json", output.json, "Print the result as JSON")->group(group);
}

}  // namespace thalweg::lab
